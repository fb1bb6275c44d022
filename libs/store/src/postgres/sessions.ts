import type { Store } from '@tenon/core';
import { invariant } from '@tenon/core';
import type { Database } from './database';
import { CLOSE_SESSION, LET_ALL_GO, OPEN_SESSION, RENEW_SESSION } from './sql';

/** What a worker tells of itself. */
export type NewSession = Parameters<Store['openSession']>[0];

/** Opens a worker's session and answers its id. */
export async function openSession(
  database: Database,
  { worker, types, sessionMs }: NewSession,
): Promise<string> {
  const values = [worker, JSON.stringify(types), sessionMs];
  const [row] = await database.write<{ readonly id: string }>(OPEN_SESSION, values);
  invariant(row !== undefined, 'an inserted session has an id');
  return row.id;
}

/** False: the session has lapsed. */
export async function renewSession(
  database: Database,
  sessionId: string,
  sessionMs: number,
): Promise<boolean> {
  return (await database.change(RENEW_SESSION, [sessionId, sessionMs])) > 0;
}

/** Ends a session and lets go of all it holds. What a crash in between leaves held is freed by repair, as no crash. */
export async function closeSession(database: Database, sessionId: string): Promise<void> {
  await database.change(CLOSE_SESSION, [sessionId]);
  await database.change(LET_ALL_GO, [sessionId]);
}
