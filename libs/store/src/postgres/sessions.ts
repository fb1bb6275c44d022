import { invariant, type NewSession } from '@tenon/core';
import type { Database } from './database';
import { CLOSE_SESSION, LET_ALL_GO, OPEN_SESSION, RENEW_SESSION } from './sql';

/** Opens a worker's session and answers its id. */
export async function openSession(
  database: Database,
  { worker, sessionMs, roles, versions }: NewSession,
): Promise<string> {
  const types = Object.keys(versions);
  const [typeList, roleList, versionMap] = [types, roles, versions].map((each) =>
    JSON.stringify(each),
  );
  const values = [worker, typeList, sessionMs, roleList, versionMap];
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
