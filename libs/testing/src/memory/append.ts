import type { AppendedMarker, NewMarker } from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import type { MemoryTx } from './memory-tx';

/** Inserts markers in the caller's transaction. */
export async function appendMarkers(
  database: MemoryDatabase,
  tx: MemoryTx,
  markers: readonly NewMarker[],
): Promise<readonly AppendedMarker[]> {
  tx.expectOpen();
  const appended: AppendedMarker[] = [];
  for (const marker of markers) appended.push(await appendOne(database, tx, marker));
  return appended;
}

async function appendOne(
  database: MemoryDatabase,
  tx: MemoryTx,
  draft: NewMarker,
): Promise<AppendedMarker> {
  const earlierId = await earlier(database, tx, draft);
  if (earlierId !== undefined) return { id: earlierId, isDuplicate: true };
  const { nowMs } = database;
  const id = database.nextId();
  const dueAt = draft.dueAt?.getTime() ?? nowMs + draft.delayMs;
  const deadlineAt = draft.deadlineMs === null ? null : nowMs + draft.deadlineMs;
  const fresh = { createdAt: nowMs, status: 'pending', finishedAt: null, reason: null } as const;
  tx.addMarker({ ...draft, ...fresh, id, dueAt, deadlineAt });
  return { id, isDuplicate: false };
}

/** The id of the marker that has this key, once the fate of every other that wants it is known. */
async function earlier(
  database: MemoryDatabase,
  tx: MemoryTx,
  { type, idempotencyKey }: NewMarker,
): Promise<string | undefined> {
  if (idempotencyKey === null) return undefined;
  await tx.lock(JSON.stringify(['idempotency', type, idempotencyKey]));
  const committed = [...database.markers.values()].find(
    (each) => each.type === type && each.idempotencyKey === idempotencyKey,
  );
  return (committed ?? tx.findOwnMarker(type, idempotencyKey))?.id;
}
