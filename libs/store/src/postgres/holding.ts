import type { HeldSaga, Ticket } from '@tenon/core';
import type { Database } from './database';
import { loadHistories, withHistories } from './history';
import { byId, heldSaga, type SagaRow } from './row';
import { ADOPT, HELD_IDS, LET_GO, LOAD } from './sql';

/** Makes the session the holder of those tickets that nobody holds. */
export async function adopt(
  database: Database,
  tickets: readonly Ticket[],
  sessionId: string,
): Promise<readonly HeldSaga[]> {
  if (tickets.length === 0) return [];
  const ids = tickets.map(({ id }) => id);
  const fences = tickets.map(({ fence }) => fence);
  return withHistories(database, await database.write<SagaRow>(ADOPT, [ids, fences, sessionId]));
}

/** Those of `ids` that the session still holds, with their history as it now stands. */
export async function load(
  database: Database,
  ids: readonly string[],
  sessionId: string,
): Promise<readonly HeldSaga[]> {
  if (ids.length === 0) return [];
  const rows = await database.read<SagaRow>(LOAD, [ids, sessionId]);
  const histories = await loadHistories(
    database,
    rows.map(({ id }) => id),
  );
  return [...rows].sort(byId).map((row) => heldSaga(row, histories.get(row.id) ?? []));
}

export async function heldIds(database: Database, sessionId: string): Promise<readonly string[]> {
  const rows = await database.read<{ readonly id: string }>(HELD_IDS, [sessionId]);
  return [...rows].sort(byId).map(({ id }) => id);
}

/** Lets sagas go as they are, due again after `delayMs`. */
export async function letGo(
  database: Database,
  ids: readonly string[],
  sessionId: string,
  delayMs: number,
): Promise<void> {
  if (ids.length > 0) await database.change(LET_GO, [ids, sessionId, delayMs]);
}
