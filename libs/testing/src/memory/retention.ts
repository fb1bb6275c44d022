import type { OldOperations } from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import type { MarkerRow } from './memory-rows';

/** Operations that ended long ago, of those behind `after`, the oldest first. */
export function findOld(
  database: MemoryDatabase,
  retentionMs: number,
  after: string,
  limit: number,
): OldOperations {
  const behind = database.sortedMarkers().filter(({ id }) => Number(id) > Number(after));
  const old = behind.filter(
    (marker) =>
      hasEnded(database, marker) &&
      marker.finishedAt !== null &&
      marker.finishedAt <= database.nowMs - retentionMs,
  );
  const ids = old.slice(0, limit).map(({ id }) => id);
  return { ids, next: old.length > limit ? (ids.at(-1) ?? null) : null };
}

/** Deletes those of `ids` that have ended, with all that belongs to them. */
export function deleteOld(database: MemoryDatabase, ids: readonly string[]): number {
  const old = ids.filter((id) => {
    const marker = database.markers.get(id);
    return marker !== undefined && hasEnded(database, marker);
  });
  for (const id of old) {
    database.markers.delete(id);
    database.sagas.delete(id);
  }
  const deleted = new Set(old);
  for (const [fence, { sagaId }] of database.fences)
    if (deleted.has(sagaId)) database.fences.delete(fence);
  if (old.length > 0) database.bookkeepingCommits += 1;
  return old.length;
}

/** Sagas that were killed, and markers that are dead, are kept. */
function hasEnded(database: MemoryDatabase, { id, status }: MarkerRow): boolean {
  const state = database.sagas.get(id)?.state ?? 'completed';
  return status === 'done' && (state === 'completed' || state === 'compensated');
}
