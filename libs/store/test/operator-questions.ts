import type { MarkerFilter, SagaFilter } from '@tenon/core';
import type { IdRange } from '../src/operator/id-range';

/** So many operations are in the table of a test that counts the rows that are read. */
export const OPERATIONS = 30_000;
/** Far fewer than there are, and more than a page of 50 takes with all that belongs to its rows. */
export const ROWS_READ_MAX = 2_500;

export const PAGE = { after: null, limit: 50, isOldestFirst: false };
export const NO_RANGE: IdRange = { from: null, below: null };

/**
 * How operation `i` is made, in SQL that both dialects know. What is rare is old, so that whoever reads from the newest on
 * and filters reads everything.
 */
export const STATUS = `CASE WHEN i BETWEEN 21 AND 40 THEN 'taken' WHEN i BETWEEN 41 AND 50 THEN 'pending'
  WHEN i BETWEEN 51 AND 60 THEN 'dead' WHEN i BETWEEN 61 AND 70 THEN 'parked' ELSE 'done' END`;
export const STATE = `CASE WHEN i <= 10 THEN 'killed' WHEN i <= 20 THEN 'compensated' WHEN i <= 30 THEN 'paused'
  WHEN i <= 40 THEN 'running' ELSE 'completed' END`;
export const TYPE = `CASE WHEN i <= 80 AND i % 10 = 0 THEN 'rare' ELSE 'common' END`;
export const KEY = `CASE WHEN i > 70 AND i % 3 = 0 THEN 'hot' ELSE concat('k', i % 1000) END`;
export const HAS_SAGA = 'i NOT BETWEEN 41 AND 70';
export const IS_LIVE = 'i BETWEEN 21 AND 40';

const DAY = { createdFrom: new Date('2026-01-02'), createdTo: new Date('2026-01-03') };
/** The ids of a day and two hours, at one operation a minute. */
const DAY_IDS: IdRange = { from: 1_380n, below: 2_940n };

export const SAGA_QUESTIONS: readonly (readonly [SagaFilter, IdRange])[] = [
  [{}, NO_RANGE],
  [{ states: ['completed'] }, NO_RANGE],
  [{ states: ['killed'] }, NO_RANGE],
  [{ states: ['killed', 'compensated', 'paused', 'running'] }, NO_RANGE],
  [{ states: ['paused'] }, NO_RANGE],
  [{ states: ['ready', 'running'] }, NO_RANGE],
  [{ types: ['common'] }, NO_RANGE],
  [{ types: ['rare'] }, NO_RANGE],
  [{ types: ['rare', 'nobody’s'] }, NO_RANGE],
  [{ types: ['rare'], states: ['completed'] }, NO_RANGE],
  [{ types: ['common'], states: ['killed'] }, NO_RANGE],
  [{ types: ['rare'], states: ['running', 'paused', 'compensated'] }, NO_RANGE],
  [{ key: 'k7' }, NO_RANGE],
  [{ key: 'hot' }, NO_RANGE],
  [{ key: 'k7', states: ['killed'], types: ['common'] }, NO_RANGE],
  [{ states: ['killed'], ...DAY }, DAY_IDS],
  [{ types: ['rare'], states: ['completed'], ...DAY }, DAY_IDS],
  [{ key: 'k7', ...DAY }, DAY_IDS],
];

/** The hour of slack above the span is read before its first row is found. */
export const SPAN_QUESTIONS: readonly (readonly [SagaFilter, IdRange])[] = [
  [DAY, DAY_IDS],
  [{ states: ['completed'], ...DAY }, DAY_IDS],
  [{ types: ['common'], ...DAY }, DAY_IDS],
];

export const MARKER_QUESTIONS: readonly MarkerFilter[] = [
  {},
  { statuses: ['done'] },
  { statuses: ['pending'] },
  { statuses: ['parked'] },
  { statuses: ['pending', 'parked', 'taken', 'dead'] },
  { statuses: ['taken'] },
  { statuses: ['dead'] },
  { types: ['common'] },
  { types: ['rare'] },
  { types: ['rare'], statuses: ['done'] },
  { types: ['rare'], statuses: ['taken', 'dead'] },
  { types: ['common'], statuses: ['dead'] },
  { key: 'k7' },
  { key: 'hot' },
  { key: 'k7', statuses: ['dead'], types: ['common'] },
];
