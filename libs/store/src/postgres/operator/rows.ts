import type {
  AuditRow,
  Json,
  MarkerStatus,
  MarkerSummary,
  OperationDetails,
  OperatorKey,
  OperatorRole,
  Payload,
  Phase,
  RepairRunRow,
  SagaState,
  SagaSummary,
  SessionRow,
  TypePause,
} from '@tenon/core';
import { recordedTransition, type TransitionRow } from '../row';

export interface SagaSummaryRow {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly key: string | null;
  readonly state: SagaState;
  readonly reason: string | null;
  readonly created_ms: number;
  readonly finished_ms: number | null;
}

export interface MarkerSummaryRow {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly status: MarkerStatus;
  readonly priority: number;
  readonly reason: string | null;
  readonly created_ms: number;
  readonly due_ms: number;
  readonly finished_ms: number | null;
}

export interface SessionSummaryRow {
  readonly id: string;
  readonly worker: string;
  readonly roles: readonly string[];
  readonly versions: Readonly<Record<string, readonly number[]>>;
  readonly started_ms: number;
  readonly renewed_ms: number;
  readonly ended_ms: number | null;
  readonly has_lapsed: boolean;
  readonly expires_in_ms: number;
}

export interface RepairRow {
  readonly id: string;
  readonly rule: string;
  readonly found: number;
  readonly repaired: number;
  readonly duration_ms: number;
  readonly error: string | null;
  readonly at_ms: number;
}

export interface AuditLogRow {
  readonly id: string;
  readonly actor: string;
  readonly role: string;
  readonly verb: string;
  readonly target: string;
  readonly reason: string | null;
  readonly detail: Json;
  readonly at_ms: number;
}

export interface PauseRow {
  readonly type: string;
  readonly paused_by: string;
  readonly reason: string;
  readonly at_ms: number;
}

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly created_ms: number;
  readonly revoked_ms: number | null;
}

/** What FIND_OPERATION answers. */
export interface OperationRow extends MarkerSummaryRow {
  readonly payload: Payload;
  readonly idempotency_key: string | null;
  readonly deadline_ms: number | null;
  readonly trace_context: string | null;
  readonly due_in_ms: number;
  readonly saga:
    | (SagaSummaryRow & {
        readonly fence: number;
        readonly crashes: number;
        readonly is_queued: boolean;
        readonly due_in_ms: number | null;
      })
    | null;
  readonly history: readonly TransitionRow[];
  readonly fences: readonly {
    readonly step: string;
    readonly phase: Phase;
    readonly fence: number;
    readonly at_ms: number;
  }[];
  readonly holder: SessionSummaryRow | null;
  readonly behind: OperationDetails['behind'];
  readonly pause: PauseRow | null;
}

export function sagaSummary(row: SagaSummaryRow): SagaSummary {
  const { id, type, version, key, state, reason } = row;
  const createdAt = new Date(row.created_ms);
  return { id, type, version, key, state, reason, createdAt, finishedAt: dateOf(row.finished_ms) };
}

export function markerSummary(row: MarkerSummaryRow): MarkerSummary {
  const { id, type, key, status, priority, reason } = row;
  return {
    ...{ id, type, key, status, priority, reason },
    createdAt: new Date(row.created_ms),
    dueAt: new Date(row.due_ms),
    finishedAt: dateOf(row.finished_ms),
  };
}

export function sessionRow(row: SessionSummaryRow): SessionRow {
  const { id, worker, roles, versions } = row;
  return {
    ...{ id, worker, roles, versions },
    startedAt: new Date(row.started_ms),
    renewedAt: new Date(row.renewed_ms),
    endedAt: dateOf(row.ended_ms),
    hasLapsed: row.has_lapsed,
    expiresInMs: row.expires_in_ms,
  };
}

export function repairRunRow(row: RepairRow): RepairRunRow {
  const { id, rule, found, repaired, error } = row;
  return { id, rule, found, repaired, durationMs: row.duration_ms, error, at: new Date(row.at_ms) };
}

export function auditRow({ at_ms: atMs, ...entry }: AuditLogRow): AuditRow {
  return { ...entry, at: new Date(atMs) };
}

export function typePause(row: PauseRow): TypePause {
  return { type: row.type, by: row.paused_by, reason: row.reason, at: new Date(row.at_ms) };
}

export function operatorKey(row: KeyRow): OperatorKey {
  const { id, name, role } = row;
  return { id, name, role, createdAt: new Date(row.created_ms), revokedAt: dateOf(row.revoked_ms) };
}

export function operationDetails(row: OperationRow): OperationDetails {
  const { saga } = row;
  return {
    id: row.id,
    marker: {
      ...markerSummary(row),
      payload: row.payload,
      idempotencyKey: row.idempotency_key,
      deadlineAt: dateOf(row.deadline_ms),
      traceContext: row.trace_context,
      dueInMs: row.due_in_ms,
    },
    saga:
      saga === null
        ? null
        : {
            ...sagaSummary(saga),
            fence: saga.fence,
            crashes: saga.crashes,
            isQueued: saga.is_queued,
            dueInMs: saga.due_in_ms,
          },
    history: row.history.map(recordedTransition),
    fences: row.fences.map(({ at_ms: atMs, ...fence }) => ({ ...fence, at: new Date(atMs) })),
    holder: row.holder === null ? null : sessionRow(row.holder),
    behind: row.behind,
    pause: row.pause === null ? null : typePause(row.pause),
  };
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
