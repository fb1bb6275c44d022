import type {
  MarkerFilter,
  MarkerSummary,
  PageRequest,
  SagaFilter,
  SagaSummary,
  SessionRow,
} from '@tenon/core';
import type { MemoryDatabase } from '../memory-database';
import type { MarkerRow, SagaRow, SessionRow as SessionTableRow } from '../memory-rows';
import { dateOf, isAsked, pageOf } from './pages';

const DAY_MS = 86_400_000;

export function listSagas(
  database: MemoryDatabase,
  filter: SagaFilter,
  page: PageRequest,
): readonly SagaSummary[] {
  const sagas = [...database.sagas.values()]
    .map((saga) => sagaSummary(saga, database.markerOf(saga.id)))
    .filter(
      (saga) =>
        isAsked(filter.states, saga.state) &&
        isAsked(filter.types, saga.type) &&
        (filter.key === undefined || saga.key === filter.key) &&
        (filter.createdFrom === undefined || saga.createdAt >= filter.createdFrom) &&
        (filter.createdTo === undefined || saga.createdAt < filter.createdTo),
    );
  return pageOf(sagas, page);
}

export function listMarkers(
  database: MemoryDatabase,
  filter: MarkerFilter,
  page: PageRequest,
): readonly MarkerSummary[] {
  const markers = [...database.markers.values()].filter(
    (marker) =>
      isAsked(filter.statuses, marker.status) &&
      isAsked(filter.types, marker.type) &&
      (filter.key === undefined || marker.key === filter.key),
  );
  return pageOf(markers, page).map(markerSummary);
}

/** Living sessions, and those that ended within the last day. */
export function listSessions(database: MemoryDatabase, page: PageRequest): readonly SessionRow[] {
  const recent = [...database.sessions.values()].filter(
    ({ endedAt }) => endedAt === null || endedAt > database.nowMs - DAY_MS,
  );
  return pageOf(recent, page).map((session) => sessionRow(database, session));
}

export function sagaSummary(saga: SagaRow, { key, createdAt }: MarkerRow): SagaSummary {
  const { id, type, version, state, reason, finishedAt } = saga;
  return {
    ...{ id, type, version, key, state, reason },
    createdAt: new Date(createdAt),
    finishedAt: dateOf(finishedAt),
  };
}

export function markerSummary(marker: MarkerRow): MarkerSummary {
  const { id, type, key, status, priority, reason } = marker;
  return {
    ...{ id, type, key, status, priority, reason },
    createdAt: new Date(marker.createdAt),
    dueAt: new Date(marker.dueAt),
    finishedAt: dateOf(marker.finishedAt),
  };
}

export function sessionRow(database: MemoryDatabase, session: SessionTableRow): SessionRow {
  const { id, worker, roles, versions, hasLapsed } = session;
  return {
    ...{ id, worker, roles, versions, hasLapsed },
    startedAt: new Date(session.startedAt),
    renewedAt: new Date(session.renewedAt),
    endedAt: dateOf(session.endedAt),
    expiresInMs: session.expiresAt - database.nowMs,
  };
}
