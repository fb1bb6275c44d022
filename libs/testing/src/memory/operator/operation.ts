import type { Json, OperationDetails } from '@tenon/core';
import type { MemoryDatabase } from '../memory-database';
import type { MarkerRow, SagaRow } from '../memory-rows';
import { headOf } from '../take-in';
import { markerSummary, sagaSummary, sessionRow } from './lists';
import { dateOf } from './pages';

/** One operation in full, or null. */
export function findOperation(database: MemoryDatabase, id: string): OperationDetails | null {
  const marker = database.markers.get(id);
  if (marker === undefined) return null;
  const saga = database.sagas.get(id);
  const holder = database.sessions.get(saga?.sessionId ?? '');
  return {
    id,
    marker: {
      ...markerSummary(marker),
      payload: JSON.parse(marker.payload) as Json,
      idempotencyKey: marker.idempotencyKey,
      deadlineAt: dateOf(marker.deadlineAt),
      traceContext: marker.traceContext,
      dueInMs: marker.dueAt - database.nowMs,
    },
    saga: saga === undefined ? null : sagaDetails(database, saga, marker),
    history: [...(saga?.history ?? [])],
    fences: [...database.fences.values()]
      .filter(({ sagaId }) => sagaId === id)
      .map(({ step, phase, fence, at }) => ({ step, phase, fence, at })),
    holder: holder === undefined ? null : sessionRow(database, holder),
    behind: behind(database, marker),
    pause: database.pauses.get(marker.type) ?? null,
  };
}

function sagaDetails(
  database: MemoryDatabase,
  saga: SagaRow,
  marker: MarkerRow,
): NonNullable<OperationDetails['saga']> {
  const { fence, crashes, isQueued, sessionId, dueAt } = saga;
  const isWaiting = sessionId === null && dueAt !== null;
  const dueInMs = isWaiting ? dueAt - database.nowMs : null;
  return { ...sagaSummary(saga, marker), fence, crashes, isQueued, dueInMs };
}

/** The operation of the same key that goes first, while this one waits for it. */
function behind(database: MemoryDatabase, marker: MarkerRow): OperationDetails['behind'] {
  if (marker.status !== 'pending' && marker.status !== 'parked') return null;
  const head = headOf(marker.key, database.sortedMarkers());
  if (head === undefined || head === marker) return null;
  const { id, type } = head;
  return { id, type, state: database.sagas.get(id)?.state ?? 'pending' };
}
