import type { HeldSaga, RecordedTransition } from '@tenon/core';
import type { Database } from './database';
import { byId, heldSaga, recordedTransition, type SagaRow, type TransitionRow } from './row';
import { LOAD_HISTORY } from './sql';

/** The histories of sagas, by id; one that has none yet is missing. */
export async function loadHistories(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly RecordedTransition[]>> {
  const histories = new Map<string, RecordedTransition[]>();
  if (ids.length === 0) return histories;
  for (const row of await database.read<TransitionRow>(LOAD_HISTORY, [ids])) {
    const history = histories.get(row.saga_id);
    if (history === undefined) histories.set(row.saga_id, [recordedTransition(row)]);
    else history.push(recordedTransition(row));
  }
  return histories;
}

/** Sagas that were just claimed, with their histories. One that is held for the first time has none. */
export async function withHistories(
  database: Database,
  rows: readonly SagaRow[],
): Promise<readonly HeldSaga[]> {
  const histories = await loadHistories(
    database,
    rows.filter(({ fence }) => fence > 1).map(({ id }) => id),
  );
  return [...rows].sort(byId).map((row) => heldSaga(row, histories.get(row.id) ?? []));
}
