import type { HeldSaga, NewSession, Ticket } from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import type { SagaRow } from './memory-rows';

/** Opens a session and answers its id. */
export function openSession(
  database: MemoryDatabase,
  { sessionMs, ...session }: NewSession,
): string {
  const id = database.nextId();
  const { nowMs } = database;
  const times = { startedAt: nowMs, renewedAt: nowMs, expiresAt: nowMs + sessionMs, endedAt: null };
  database.sessions.set(id, { ...session, ...times, id, hasLapsed: false });
  return id;
}

/** False: the session has lapsed. */
export function renewSession(
  database: MemoryDatabase,
  sessionId: string,
  sessionMs: number,
): boolean {
  const session = database.sessions.get(sessionId);
  if (session === undefined || !database.isLiving(sessionId)) return false;
  session.renewedAt = database.nowMs;
  session.expiresAt = database.nowMs + sessionMs;
  return true;
}

/** Ends a session and frees what it held; `crashes` are counted on each of its sagas. */
export function endSession(database: MemoryDatabase, sessionId: string, crashes: number): void {
  const session = database.sessions.get(sessionId);
  if (session?.endedAt !== null) return;
  session.endedAt = database.nowMs;
  session.hasLapsed = crashes > 0;
  for (const saga of heldBy(database, sessionId)) {
    database.letGo(saga, 0);
    saga.crashes += crashes;
  }
}

/** Ends the sessions that were not renewed in time, and answers how many. */
export function endLapsedSessions(database: MemoryDatabase): number {
  const lapsed = [...database.sessions.values()].filter(
    ({ id, endedAt }) => endedAt === null && !database.isLiving(id),
  );
  for (const { id } of lapsed) endSession(database, id, 1);
  return lapsed.length;
}

/** Makes the session the holder of those tickets that nobody holds and whose fence still is the ticket's. */
export function adopt(
  database: MemoryDatabase,
  tickets: readonly Ticket[],
  sessionId: string,
): readonly HeldSaga[] {
  if (!database.isLiving(sessionId)) return [];
  const held = tickets.flatMap(({ id, fence }) => {
    const saga = database.sagas.get(id);
    const isFree = saga?.fence === fence && saga.sessionId === null && saga.dueAt !== null;
    return isFree && !database.pauses.has(saga.type) ? database.giveTo(saga, sessionId) : [];
  });
  if (held.length > 0) database.bookkeepingCommits += 1;
  return held;
}

/** The sagas that the session holds. */
export function heldBy(database: MemoryDatabase, sessionId: string): readonly SagaRow[] {
  return [...database.sagas.values()].filter((saga) => saga.sessionId === sessionId);
}
