import type { MemoryDatabase } from './memory-database';
import { heldBy } from './sessions';

const DAY_MS = 86_400_000;

/** Markers that have been pending for too long with a type that no session of the last day knew become dead. */
export function buryUnserved(database: MemoryDatabase, graceMs: number): number {
  const sessions = [...database.sessions.values()];
  if (!sessions.some(({ id }) => database.isLiving(id))) return 0;
  const recent = sessions.filter(({ renewedAt }) => renewedAt > database.nowMs - DAY_MS);
  const served = new Set(recent.flatMap(({ versions }) => Object.keys(versions)));
  const unserved = [...database.markers.values()].filter(
    ({ status, type, dueAt }) =>
      status === 'pending' && !served.has(type) && dueAt < database.nowMs - graceMs,
  );
  for (const marker of unserved) {
    marker.status = 'dead';
    marker.reason = `TENON_UNKNOWN_OPERATION: no living worker runs "${marker.type}"`;
    marker.finishedAt = database.nowMs;
  }
  return unserved.length;
}

/** Deletes up to `limit` fence rows of sagas that ended more than `retentionMs` ago. */
export function tidyFences(database: MemoryDatabase, retentionMs: number, limit: number): number {
  const old = [...database.fences].filter(([, { sagaId }]) => {
    const endedAt = database.sagas.get(sagaId)?.finishedAt ?? null;
    return endedAt !== null && endedAt < database.nowMs - retentionMs;
  });
  for (const [name] of old.slice(0, limit)) database.fences.delete(name);
  return Math.min(old.length, limit);
}

/** Deletes up to `limit` sessions that ended more than `retentionMs` ago and hold no saga. */
export function tidySessions(database: MemoryDatabase, retentionMs: number, limit: number): number {
  const lastMs = database.nowMs - retentionMs;
  const old = [...database.sessions.values()].filter(
    ({ id, endedAt, renewedAt }) =>
      endedAt !== null &&
      endedAt <= lastMs &&
      renewedAt <= lastMs &&
      heldBy(database, id).length === 0,
  );
  for (const { id } of old.slice(0, limit)) database.sessions.delete(id);
  return Math.min(old.length, limit);
}

/** Deletes up to `limit` repair runs that are older than `retentionMs`. */
export function tidyRepairRuns(
  database: MemoryDatabase,
  retentionMs: number,
  limit: number,
): number {
  const lastMs = database.nowMs - retentionMs;
  const old = database.repairRuns.slice(0, limit).filter(({ at }) => at.getTime() <= lastMs);
  database.repairRuns = database.repairRuns.slice(old.length);
  return old.length;
}

/** Makes every queued saga due at once, and answers how many. */
export function requeueQueued(database: MemoryDatabase): number {
  const queued = [...database.sagas.values()].filter(({ isQueued }) => isQueued);
  for (const saga of queued) {
    saga.isQueued = false;
    saga.dueAt = database.nowMs;
  }
  return queued.length;
}
