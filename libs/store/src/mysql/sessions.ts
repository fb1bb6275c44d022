import type { NewSession } from '@tenon/core';
import { changedBy } from './connection';
import type { Database } from './database';
import { numbersOf } from './row';
import * as SQL from './sql';

/** Opens a worker's session and answers its id. */
export function openSession(
  database: Database,
  { worker, sessionMs, roles, versions }: NewSession,
): Promise<string> {
  return database.transaction(async (transaction) => {
    const [answer] = await transaction.commit([
      SQL.OPEN_SESSION,
      worker,
      JSON.stringify(Object.keys(versions)),
      sessionMs,
      JSON.stringify(roles),
      JSON.stringify(versions),
    ]);
    return answer !== undefined && 'insertId' in answer ? String(answer.insertId) : '';
  });
}

/** False: the session has lapsed. */
export function renewSession(
  database: Database,
  sessionId: string,
  sessionMs: number,
): Promise<boolean> {
  return database.transaction(async (transaction) => {
    const [answer] = await transaction.commit([SQL.RENEW_SESSION, sessionMs, BigInt(sessionId)]);
    return changedBy(answer) > 0;
  });
}

/** Ends a session and lets go of all it holds. */
export async function closeSession(database: Database, sessionId: string): Promise<void> {
  await database.change(SQL.CLOSE_SESSION, BigInt(sessionId));
  const held = await database.rows<{ readonly id: string }>(SQL.HELD_IDS, BigInt(sessionId));
  if (held.length > 0)
    await database.change(SQL.LET_GO, 0, numbersOf(held.map(({ id }) => id)), BigInt(sessionId));
}
