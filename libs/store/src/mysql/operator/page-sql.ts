import type { MarkerFilter, SagaFilter } from '@tenon/core';
import type { IdRange } from '../../operator/id-range';
import type { Page } from '../../operator/page';
import type { Probe } from '../../operator/probe';
import type { Statement } from '../connection';
import { MARKER_SUMMARY, SAGA_SUMMARY } from './operator-sql';

/** The last instant of a TIMESTAMP. */
const INSTANT_S_MAX = 2_147_483_647;

// What is looked up in the other table stands as a scalar subquery, not as a join: it is asked of the few rows that the
// page reads, and the index that gives their order stays the one that is read first.

export function sagaPage(
  probes: readonly Probe[],
  { states, types, createdFrom, createdTo }: SagaFilter,
  page: Page,
  range: IdRange,
): Statement {
  const saga: readonly Statement[] = [
    ...(states === undefined ? [] : [['s.state IN (?)', states] as const]),
    ...(types === undefined ? [] : [['s.type IN (?)', types] as const]),
  ];
  const marker: readonly Statement[] = [
    ...(createdFrom === undefined ? [] : [instant('o.created_at >=', createdFrom)]),
    ...(createdTo === undefined ? [] : [instant('o.created_at <', createdTo)]),
  ];
  const parts = probes.map((probe) => part(probe, 'saga', { saga, op_log: marker }, page, range));
  const rows = `STRAIGHT_JOIN saga s FORCE INDEX (PRIMARY) ON s.id = page.id STRAIGHT_JOIN op_log o ON o.id = s.id`;
  return pageOf(parts, page, SAGA_SUMMARY, rows);
}

export function markerPage(
  probes: readonly Probe[],
  { statuses, types }: MarkerFilter,
  page: Page,
): Statement {
  const marker: readonly Statement[] = [
    ...(statuses === undefined ? [] : [['o.status IN (?)', statuses] as const]),
    ...(types === undefined ? [] : [['o.op_type IN (?)', types] as const]),
  ];
  const range = { from: null, below: null };
  const parts = probes.map((probe) =>
    part(probe, 'op_log', { saga: null, op_log: marker }, page, range),
  );
  const rows = 'STRAIGHT_JOIN op_log o FORCE INDEX (PRIMARY) ON o.id = page.id';
  return pageOf(parts, page, MARKER_SUMMARY, rows);
}

/** A page of a table that needs no filter. */
export function plainPage(
  columns: string,
  table: string,
  alias: string,
  page: Page,
  where?: string,
): Statement {
  const conditions: readonly Statement[] = [
    ...(where === undefined ? [] : [[where] as const]),
    ...bounds(`${alias}.id`, page, { from: null, below: null }),
  ];
  const [filter, ...values] = joined(conditions, ' AND ');
  const ordered = `ORDER BY ${alias}.id ${direction(page)} LIMIT ${page.limit}`;
  return [
    `SELECT ${columns} FROM ${table} ${alias} ${conditions.length === 0 ? '' : `WHERE ${filter}`} ${ordered}`,
    ...values,
  ];
}

type Table = 'saga' | 'op_log';
/** What is asked of the rows of either table. Null: it need not have a row. */
type Sides = Readonly<Record<Table, readonly Statement[] | null>>;

/** Where a probe reads: its table, its index, the column of the index that holds the ids. */
interface Place {
  readonly table: Table;
  readonly index: string;
  readonly id: string;
  readonly conditions: readonly Statement[];
}

/** The ids of one probe, in order, no more than the page holds. */
function part(probe: Probe, every: Table, sides: Sides, page: Page, range: IdRange): Statement {
  const { table, index, id, conditions } = placeOf(probe, every);
  const [own, otherTable] =
    table === 'saga' ? (['s', 'op_log'] as const) : (['o', 'saga'] as const);
  const [filter, ...values] = joined(
    [
      ...conditions,
      ...(sides[table] ?? []),
      ...lookUp(own, otherTable, sides[otherTable]),
      ...bounds(id, page, range),
    ],
    ' AND ',
  );
  return [
    `SELECT ${own}.id FROM ${table} ${own} FORCE INDEX (${index}) WHERE ${filter}
     ORDER BY ${id} ${direction(page)} LIMIT ${page.limit}`,
    ...values,
  ];
}

/** What is asked of the same operation's row in the other table. Every saga has a marker. */
function lookUp(
  own: string,
  table: Table,
  conditions: readonly Statement[] | null,
): readonly Statement[] {
  if (conditions === null || (table === 'op_log' && conditions.length === 0)) return [];
  const other = table === 'saga' ? 's' : 'o';
  const [sql, ...values] = joined([['true'], ...conditions], ' AND ');
  return [[`(SELECT ${sql} FROM ${table} ${other} WHERE ${other}.id = ${own}.id)`, ...values]];
}

function placeOf(probe: Probe, every: Table): Place {
  switch (probe.kind) {
    case 'every': {
      const id = every === 'saga' ? 's.id' : 'o.id';
      return { table: every, index: 'PRIMARY', id, conditions: [['true']] };
    }
    case 'live':
      return virtual('saga_live', 's.live_id');
    case 'paused':
      return virtual('saga_paused', 's.paused_id');
    case 'waiting':
      return marked('op_log_waiting', 'o.is_waiting');
    case 'setAside':
      return marked('op_log_set_aside', 'o.is_set_aside');
    case 'ofKey': {
      const conditions = [['o.op_key = ?', probe.key] as const];
      return { table: 'op_log', index: 'op_log_by_key', id: 'o.id', conditions };
    }
    case 'ended': {
      const conditions = [['s.ended_state = ?', probe.state] as const];
      return { table: 'saga', index: 'saga_ended', id: 's.id', conditions };
    }
    case 'ofType': {
      const ended: Statement =
        probe.endedState === null
          ? ['s.ended_state IS NULL']
          : ['s.ended_state = ?', probe.endedState];
      const conditions = [['s.type = ?', probe.type] as const, ended];
      return { table: 'saga', index: 'saga_type', id: 's.id', conditions };
    }
  }
}

/** A virtual column that holds the id where its condition holds, else null. */
function virtual(index: string, id: string): Place {
  return { table: 'saga', index, id, conditions: [[`${id} IS NOT NULL`]] };
}

/** A virtual column that is true where its condition holds, else null. */
function marked(index: string, column: string): Place {
  return { table: 'op_log', index, id: 'o.id', conditions: [[`${column} = true`]] };
}

function bounds(id: string, page: Page, range: IdRange): readonly Statement[] {
  const { after, isOldestFirst } = page;
  return [
    ...(after === null ? [] : [[`${id} ${isOldestFirst ? '>' : '<'} ?`, after] as const]),
    ...(range.from === null ? [] : [[`${id} >= ?`, range.from] as const]),
    ...(range.below === null ? [] : [[`${id} < ?`, range.below] as const]),
  ];
}

function instant(comparison: string, date: Date): Statement {
  const seconds = Math.min(Math.max(date.getTime() / 1000, 0), INSTANT_S_MAX);
  return [`${comparison} from_unixtime(?)`, seconds];
}

/** The page's ids are merged from the parts, and their rows looked up behind that. */
function pageOf(parts: readonly Statement[], page: Page, columns: string, rows: string): Statement {
  const ordered = `ORDER BY id ${direction(page)}`;
  const [only] = parts;
  const [union, ...values] =
    parts.length === 1 && only !== undefined
      ? only
      : joined(
          parts.map(([sql, ...its]) => [`(${sql})`, ...its] as const),
          ' UNION ',
        );
  const ids = `SELECT id FROM (${union}) part ${ordered} LIMIT ${page.limit}`;
  return [
    `SELECT ${columns} FROM (${ids}) page ${rows} ORDER BY page.id ${direction(page)}`,
    ...values,
  ];
}

function joined(statements: readonly Statement[], by: string): Statement {
  return [
    statements.map(([sql]) => sql).join(by),
    ...statements.flatMap(([, ...values]) => values),
  ];
}

function direction({ isOldestFirst }: Page): 'ASC' | 'DESC' {
  return isOldestFirst ? 'ASC' : 'DESC';
}
