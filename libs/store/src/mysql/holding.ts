import type { HeldSaga, Ticket } from '@tenon/core';
import { rowsOf } from './connection';
import type { Database, Transaction } from './database';
import { heldSagas, loading } from './history';
import { byId, numbersOf } from './row';
import { ADOPT, HELD_IDS, HOLD, LET_GO, LIVING_SESSION, PAUSED_TYPES } from './sql';

/** Makes the session the holder of those tickets that nobody holds. */
export async function adopt(
  database: Database,
  tickets: readonly Ticket[],
  sessionId: string,
): Promise<readonly HeldSaga[]> {
  if (tickets.length === 0) return [];
  return database.transaction(async (transaction) => {
    const [session, free, paused] = await transaction.send(
      [LIVING_SESSION, BigInt(sessionId)],
      [ADOPT, numbersOf(tickets.map(({ id }) => id))],
      [PAUSED_TYPES],
    );
    if (rowsOf(session).length === 0) return [];
    const resting = new Set(rowsOf<{ readonly type: string }>(paused).map(({ type }) => type));
    const found = rowsOf<Ticket & { readonly type: string }>(free);
    const awake = found.filter(({ type }) => !resting.has(type));
    const fences = new Map(awake.map(({ id, fence }) => [id, fence]));
    const valid = tickets.filter(({ id, fence }) => fences.get(id) === fence);
    return hold(
      transaction,
      valid.map(({ id }) => id),
      sessionId,
    );
  });
}

/** Makes the session the holder of sagas that are locked and free, commits, and answers them. */
export async function hold(
  transaction: Transaction,
  ids: readonly string[],
  sessionId: string,
): Promise<readonly HeldSaga[]> {
  if (ids.length === 0) return [];
  const numbers = numbersOf(ids);
  const [, ...answers] = await transaction.commit(
    [HOLD, BigInt(sessionId), numbers],
    ...loading(numbers, sessionId),
  );
  return heldSagas(answers);
}

/** Those of `ids` that the session still holds, with their history as it now stands. */
export async function load(
  database: Database,
  ids: readonly string[],
  sessionId: string,
): Promise<readonly HeldSaga[]> {
  if (ids.length === 0) return [];
  return heldSagas(await database.read(...loading(numbersOf(ids), sessionId)));
}

export async function heldIds(database: Database, sessionId: string): Promise<readonly string[]> {
  const rows = await database.rows<{ readonly id: string }>(HELD_IDS, BigInt(sessionId));
  return [...rows].sort(byId).map(({ id }) => id);
}

/** Lets sagas go as they are, due again after `delayMs`. */
export async function letGo(
  database: Database,
  ids: readonly string[],
  sessionId: string,
  delayMs: number,
): Promise<void> {
  if (ids.length > 0) await database.change(LET_GO, delayMs, numbersOf(ids), BigInt(sessionId));
}
