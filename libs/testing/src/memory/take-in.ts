import {
  KEY_HOLDING_STATUSES,
  type HeldSaga,
  type TakeRequest,
  type Taken,
  type Ticket,
} from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import type { MarkerRow, SagaRow } from './memory-rows';

const NOTHING: Taken = { held: [], queued: [], parked: 0 };

/** TAKE IN: due pending markers become sagas; those that are not the head of their key are parked. */
export function takeIn(database: MemoryDatabase, request: TakeRequest): Taken {
  if (!database.isLiving(request.sessionId)) return NOTHING;
  const markers = database.sortedMarkers();
  const candidates = markers
    .filter(
      (marker) =>
        marker.status === 'pending' &&
        marker.dueAt <= database.nowMs &&
        isServed(database, marker, request),
    )
    .sort((a, b) => b.priority - a.priority || a.dueAt - b.dueAt || Number(a.id) - Number(b.id))
    .slice(0, request.limit);
  const parked = candidates.filter((marker) => headOf(marker.key, markers, marker) !== marker);
  const heads = candidates.filter((marker) => !parked.includes(marker));
  for (const marker of parked) marker.status = 'parked';
  const sagas = heads.map((marker) => beginSaga(database, marker, request.types));
  return { ...handOver(database, request, sagas, candidates.length), parked: parked.length };
}

/** Claims sagas that nobody holds and that are due. */
export function takeDue(database: MemoryDatabase, request: TakeRequest): Taken {
  if (!database.isLiving(request.sessionId)) return NOTHING;
  const due = [...database.sagas.values()]
    .filter(
      (saga) => saga.sessionId === null && saga.dueAt !== null && saga.dueAt <= database.nowMs,
    )
    .filter((saga) => isServed(database, saga, request))
    .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
    .slice(0, request.limit);
  return handOver(database, request, due, due.length);
}

/** Milliseconds until the next marker or saga of one of `types` is due, at most `msMax`. */
export function nextDueMs(
  database: MemoryDatabase,
  types: TakeRequest['types'],
  msMax: number,
): number {
  const markers = [...database.markers.values()].filter(({ status }) => status === 'pending');
  const sagas = [...database.sagas.values()].filter(({ sessionId }) => sessionId === null);
  const waits = [...markers, ...sagas]
    .filter((row) => isServed(database, row, { types }))
    .map(({ dueAt }) => (dueAt ?? Infinity) - database.nowMs);
  return Math.max(0, Math.min(msMax, ...waits));
}

/** Behind the commit of their ends: the next of each key goes to the session, or becomes pending. */
export function releaseKeys(
  database: MemoryDatabase,
  endedIds: readonly string[],
  sessionId: string | null,
  types: TakeRequest['types'],
): readonly HeldSaga[] {
  const keys = new Set(endedIds.map((id) => database.markers.get(id)?.key ?? null));
  keys.delete(null);
  const markers = database.sortedMarkers();
  const next = [...keys]
    .map((key) => headOf(key, markers))
    .filter((head) => head?.status === 'parked');
  if (next.length > 0) database.bookkeepingCommits += 1;
  return next.flatMap((marker) => {
    if (marker === undefined) return [];
    if (
      sessionId !== null &&
      database.isLiving(sessionId) &&
      isServed(database, marker, { types })
    ) {
      return database.giveTo(beginSaga(database, marker, types), sessionId);
    }
    marker.status = 'pending';
    return [];
  });
}

/** Parked markers at the head of their key, for longer than `graceMs`, become pending. */
export function freeParkedHeads(database: MemoryDatabase, graceMs: number): number {
  const markers = database.sortedMarkers();
  const heads = markers.filter(
    (marker) =>
      marker.status === 'parked' &&
      marker.dueAt <= database.nowMs - graceMs &&
      headOf(marker.key, markers, marker) === marker,
  );
  for (const marker of heads) marker.status = 'pending';
  return heads.length;
}

/** Who may run of a key: the one that runs already, else the oldest that is visible. Without a key, `own` may. */
export function headOf(
  key: string | null,
  markers: readonly MarkerRow[],
  own?: MarkerRow,
): MarkerRow | undefined {
  if (key === null) return own;
  const holding: readonly string[] = KEY_HOLDING_STATUSES;
  const ofKey = markers.filter((marker) => marker.key === key && holding.includes(marker.status));
  return ofKey.find(({ status }) => status === 'taken') ?? ofKey[0];
}

function isServed(
  database: MemoryDatabase,
  row: { readonly type: string },
  { types }: Pick<TakeRequest, 'types'>,
): boolean {
  return types.some(({ type }) => type === row.type) && !database.pauses.has(row.type);
}

function beginSaga(
  database: MemoryDatabase,
  marker: MarkerRow,
  types: TakeRequest['types'],
): SagaRow {
  marker.status = 'taken';
  const saga: SagaRow = {
    id: marker.id,
    type: marker.type,
    version: types.find(({ type }) => type === marker.type)?.version ?? 1,
    history: [],
    state: 'ready',
    fence: 0,
    sessionId: null,
    dueAt: database.nowMs,
    isQueued: false,
    crashes: 0,
    reason: null,
    finishedAt: null,
  };
  database.sagas.set(saga.id, saga);
  return saga;
}

/** Few are held at once; many are queued, and are due again if nobody adopts them. */
function handOver(
  database: MemoryDatabase,
  request: TakeRequest,
  sagas: readonly SagaRow[],
  changed: number,
): Taken {
  if (changed > 0) database.bookkeepingCommits += 1;
  if (sagas.length <= request.inlineMax) {
    return { ...NOTHING, held: sagas.map((saga) => database.giveTo(saga, request.sessionId)) };
  }
  return { ...NOTHING, queued: sagas.map((saga) => queue(database, saga, request.requeueMs)) };
}

function queue(database: MemoryDatabase, saga: SagaRow, requeueMs: number): Ticket {
  saga.isQueued = true;
  saga.dueAt = database.nowMs + requeueMs;
  return { id: saga.id, fence: saga.fence };
}
