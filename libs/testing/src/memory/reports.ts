import { KEY_HOLDING_STATUSES, type BlockedKey, type Json, type SagaReport } from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import type { MarkerRow } from './memory-rows';

/** A saga's marker, state and history, or null. */
export function findSaga(database: MemoryDatabase, id: string): SagaReport | null {
  const marker = database.markers.get(id);
  if (marker === undefined) return null;
  const saga = database.sagas.get(id);
  const finishedAt = saga?.finishedAt ?? marker.finishedAt;
  return {
    id,
    type: marker.type,
    key: marker.key,
    payload: JSON.parse(marker.payload) as Json,
    markerStatus: marker.status,
    state: saga?.state ?? null,
    version: saga?.version ?? null,
    reason: saga?.reason ?? marker.reason,
    history: [...(saga?.history ?? [])],
    createdAt: new Date(marker.createdAt),
    finishedAt: finishedAt === null ? null : new Date(finishedAt),
  };
}

/** Keys whose head is paused or not yet due while others wait behind it. */
export function blockedKeys(database: MemoryDatabase, limit: number): readonly BlockedKey[] {
  const holding: readonly string[] = KEY_HOLDING_STATUSES;
  const byKey = new Map<string, MarkerRow[]>();
  for (const marker of database.sortedMarkers()) {
    if (marker.key === null || !holding.includes(marker.status)) continue;
    byKey.set(marker.key, [...(byKey.get(marker.key) ?? []), marker]);
  }
  return [...byKey]
    .flatMap(([key, markers]) => blockedKey(database, key, markers) ?? [])
    .slice(0, limit);
}

function blockedKey(
  database: MemoryDatabase,
  key: string,
  markers: readonly MarkerRow[],
): BlockedKey | null {
  const head = markers.find(({ status }) => status === 'taken') ?? markers[0];
  if (head === undefined || markers.length < 2) return null;
  const saga = database.sagas.get(head.id);
  const dueAt = saga === undefined ? head.dueAt : saga.dueAt;
  const isWaiting =
    saga?.state === 'paused' ||
    ((saga?.sessionId ?? null) === null &&
      (dueAt ?? 0) > database.nowMs &&
      saga?.isQueued !== true);
  if (!isWaiting) return null;
  return {
    key,
    headId: head.id,
    headType: head.type,
    headState: saga?.state ?? 'pending',
    waiting: markers.length - 1,
  };
}
