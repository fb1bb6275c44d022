import type { MarkerFilter, SagaFilter } from '@tenon/core';
import type { IdRange } from '../../operator/id-range';
import type { Page } from '../../operator/page';
import type { Probe } from '../../operator/probe';
import type { Statement } from '../sql';
import { IS_PAUSED, IS_SET_ASIDE, IS_WAITING, MARKER_SUMMARY, SAGA_SUMMARY } from './operator-sql';

/** A statement that is made for one filter, with its values. */
export interface Question {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

/** The last instant that is asked for: dates go on for longer in JavaScript than in the database. */
const INSTANT_MS_MAX = Date.UTC(9999, 11, 31);

/** The values of a statement that grows: each stands for itself as `$n`. */
class Values {
  readonly list: unknown[] = [];

  add(value: unknown, type: string): string {
    this.list.push(value);
    return `$${this.list.length}::${type}`;
  }

  addInstant(date: Date): string {
    const ms = Math.min(Math.max(date.getTime(), 0), INSTANT_MS_MAX);
    return `to_timestamp(${this.add(ms, 'float8')} / 1000)`;
  }
}

// What is looked up in the other table stands as a scalar subquery, not as a join: it is asked of the few rows that the
// page reads. A merge join of the two primary keys would read both from their ends.

export function sagaPage(
  probes: readonly Probe[],
  { states, types, createdFrom, createdTo }: SagaFilter,
  page: Page,
  range: IdRange,
): Question {
  const values = new Values();
  const ofSaga = [
    ...(states === undefined ? [] : [`s.state = ANY(${values.add(states, 'text[]')})`]),
    ...(types === undefined ? [] : [`s.type = ANY(${values.add(types, 'text[]')})`]),
  ];
  const ofMarker = [
    ...(createdFrom === undefined ? [] : [`o.created_at >= ${values.addInstant(createdFrom)}`]),
    ...(createdTo === undefined ? [] : [`o.created_at < ${values.addInstant(createdTo)}`]),
  ];
  const sides = { saga: ofSaga, op_log: ofMarker };
  const parts = probes.map((probe) =>
    part(probe, probe.kind === 'ofKey' ? 'op_log' : 'saga', sides, page, range, values),
  );
  return pageOf(
    parts,
    page,
    values,
    (ids) => `SELECT ${SAGA_SUMMARY} FROM saga s JOIN op_log o ON o.id = s.id AND o.id = ANY(${ids})
      WHERE s.id = ANY(${ids}) ORDER BY s.id ${direction(page)}`,
  );
}

export function markerPage(
  probes: readonly Probe[],
  { statuses, types }: MarkerFilter,
  page: Page,
): Question {
  const values = new Values();
  const ofMarker = [
    ...(statuses === undefined ? [] : [`o.status = ANY(${values.add(statuses, 'text[]')})`]),
    ...(types === undefined ? [] : [`o.op_type = ANY(${values.add(types, 'text[]')})`]),
  ];
  const sides = { saga: null, op_log: ofMarker };
  const range = { from: null, below: null };
  const parts = probes.map((probe) =>
    part(
      probe,
      probe.kind === 'live' || probe.kind === 'ofType' ? 'saga' : 'op_log',
      sides,
      page,
      range,
      values,
    ),
  );
  return pageOf(
    parts,
    page,
    values,
    (ids) =>
      `SELECT ${MARKER_SUMMARY} FROM op_log o WHERE o.id = ANY(${ids}) ORDER BY o.id ${direction(page)}`,
  );
}

type Table = 'saga' | 'op_log';
/** What is asked of the rows of either table. Null: it need not have a row. */
type Sides = Readonly<Record<Table, readonly string[] | null>>;

/** The ids of one probe, in order, no more than the page holds. */
function part(
  probe: Probe,
  table: Table,
  sides: Sides,
  page: Page,
  range: IdRange,
  values: Values,
): string {
  const [own, other, otherTable] =
    table === 'saga' ? (['s', 'o', 'op_log'] as const) : (['o', 's', 'saga'] as const);
  const there = sides[otherTable];
  const conditions = [
    ...conditionsOf(probe, values),
    ...(sides[table] ?? []),
    ...(there === null || (there.length === 0 && otherTable === 'op_log')
      ? []
      : [
          `(SELECT ${['true', ...there].join(' AND ')} FROM ${otherTable} ${other} WHERE ${other}.id = ${own}.id)`,
        ]),
    ...bounds(`${own}.id`, page, range, values),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const down = direction(page);
  // `IS NULL` is no constant to the planner: the order of the index has to be asked for with all its columns.
  const order = probe.kind === 'ofType' ? `${own}.ended_state ${down}, ` : '';
  return `(SELECT ${own}.id FROM ${table} ${own} ${where} ORDER BY ${order}${own}.id ${down} LIMIT ${page.limit})`;
}

function conditionsOf(probe: Probe, values: Values): readonly string[] {
  switch (probe.kind) {
    case 'every':
      return [];
    case 'live':
      return ['s.finished_at IS NULL'];
    case 'paused':
      return [IS_PAUSED];
    case 'waiting':
      return [IS_WAITING];
    case 'setAside':
      return [IS_SET_ASIDE];
    case 'ofKey':
      return [`o.op_key = ${values.add(probe.key, 'text')}`];
    case 'ended':
      return [`s.ended_state = '${probe.state}'`];
    case 'ofType': {
      const ended =
        probe.endedState === null
          ? 's.ended_state IS NULL'
          : `s.ended_state = '${probe.endedState}'`;
      return [`s.type = ${values.add(probe.type, 'text')}`, ended];
    }
  }
}

function bounds(id: string, page: Page, range: IdRange, values: Values): readonly string[] {
  const { after, isOldestFirst } = page;
  const beyond = isOldestFirst ? '>' : '<';
  return [
    ...(after === null ? [] : [`${id} ${beyond} ${values.add(after, 'bigint')}`]),
    ...(range.from === null ? [] : [`${id} >= ${values.add(range.from, 'bigint')}`]),
    ...(range.below === null ? [] : [`${id} < ${values.add(range.below, 'bigint')}`]),
  ];
}

function pageOf(
  parts: readonly string[],
  page: Page,
  values: Values,
  rowsOf: (ids: string) => string,
): Question {
  const merged = `SELECT id FROM (${parts.join(' UNION ')}) part ORDER BY id ${direction(page)} LIMIT ${page.limit}`;
  const text = `WITH page AS MATERIALIZED (${merged}) ${rowsOf('ARRAY(SELECT id FROM page)')}`;
  return { statement: unnamed(text), values: values.list };
}

/** A page of a table that needs no filter. */
export function plainPage(
  columns: string,
  table: string,
  alias: string,
  page: Page,
  where?: string,
): Question {
  const values = new Values();
  const conditions = [
    ...(where === undefined ? [] : [where]),
    ...bounds(`${alias}.id`, page, { from: null, below: null }, values),
  ];
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const text = `SELECT ${columns} FROM ${table} ${alias} ${filter} ORDER BY ${alias}.id ${direction(page)} LIMIT ${page.limit}`;
  return { statement: unnamed(text), values: values.list };
}

/** There are many filters: none is kept prepared. */
function unnamed(text: string): Statement {
  return { name: '', text };
}

function direction({ isOldestFirst }: Page): 'ASC' | 'DESC' {
  return isOldestFirst ? 'ASC' : 'DESC';
}
