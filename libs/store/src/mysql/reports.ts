import type { BlockedKey, SagaReport, SagaState } from '@tenon/core';
import { rowsOf } from './connection';
import type { Database } from './database';
import { historiesOf } from './history';
import { numbersOf, sagaReport, type ReportRow } from './row';
import { BLOCKED_KEYS, FIND_SAGAS, LOAD_HISTORY } from './sql';

const ID = /^\d{1,18}$/;

/** A saga's marker, state and history. People mistype ids: what is none is not found. */
export async function findSaga(database: Database, id: string): Promise<SagaReport | null> {
  if (!ID.test(id)) return null;
  const [report] = await findSagas(database, [id]);
  return report ?? null;
}

/** Those of `ids` that are there, in the order of ids. */
export async function findSagas(
  database: Database,
  ids: readonly string[],
): Promise<readonly SagaReport[]> {
  if (ids.length === 0) return [];
  const numbers = numbersOf(ids);
  const [found, transitions] = await database.read([FIND_SAGAS, numbers], [LOAD_HISTORY, numbers]);
  const histories = historiesOf(transitions);
  return rowsOf<ReportRow>(found).map((row) => sagaReport(row, histories.get(row.id) ?? []));
}

interface BlockedRow {
  readonly key: string;
  readonly head_id: string;
  readonly head_type: string;
  readonly head_state: SagaState | 'pending';
  readonly waiting: string;
}

/** Keys whose head does not get on while others wait behind it. */
export async function blockedKeys(
  database: Database,
  limit: number,
): Promise<readonly BlockedKey[]> {
  const rows = await database.rows<BlockedRow>(BLOCKED_KEYS, limit);
  return rows.map((row) => ({
    key: row.key,
    headId: row.head_id,
    headType: row.head_type,
    headState: row.head_state,
    waiting: Number(row.waiting),
  }));
}
