import type {
  AuditRow,
  Json,
  MarkerStatus,
  MarkerSummary,
  OperatorKey,
  OperatorRole,
  RepairRunRow,
  SagaState,
  SagaSummary,
  SessionRow,
  TypePause,
} from '@tenon/core';

export interface SagaSummaryRow {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly key: string | null;
  readonly state: SagaState;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export interface MarkerSummaryRow {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly status: MarkerStatus;
  readonly priority: number;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly due_at: Date;
  readonly finished_at: Date | null;
}

export interface SessionSummaryRow {
  readonly id: string;
  readonly worker: string;
  readonly roles: string;
  readonly versions: string;
  readonly started_at: Date;
  readonly renewed_at: Date;
  readonly ended_at: Date | null;
  readonly has_lapsed: number;
  readonly expires_in_ms: string;
}

export interface RepairRow {
  readonly id: string;
  readonly rule: string;
  readonly found: number;
  readonly repaired: number;
  readonly duration_ms: number;
  readonly error: string | null;
  readonly at: Date;
}

export interface AuditLogRow {
  readonly id: string;
  readonly actor: string;
  readonly role: string;
  readonly verb: string;
  readonly target: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly at: Date;
}

export interface PauseRow {
  readonly type: string;
  readonly paused_by: string;
  readonly reason: string;
  readonly at: Date;
}

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

export function sagaSummary(row: SagaSummaryRow): SagaSummary {
  const { id, type, version, key, state, reason } = row;
  const [createdAt, finishedAt] = [row.created_at, row.finished_at];
  return { id, type, version, key, state, reason, createdAt, finishedAt };
}

export function markerSummary(row: MarkerSummaryRow): MarkerSummary {
  const { id, type, key, status, priority, reason } = row;
  return {
    ...{ id, type, key, status, priority, reason },
    createdAt: row.created_at,
    dueAt: row.due_at,
    finishedAt: row.finished_at,
  };
}

export function sessionRow(row: SessionSummaryRow): SessionRow {
  const { id, worker } = row;
  return {
    ...{ id, worker },
    roles: JSON.parse(row.roles) as readonly string[],
    versions: JSON.parse(row.versions) as SessionRow['versions'],
    startedAt: row.started_at,
    renewedAt: row.renewed_at,
    endedAt: row.ended_at,
    hasLapsed: row.has_lapsed === 1,
    expiresInMs: Number(row.expires_in_ms),
  };
}

export function repairRunRow({ duration_ms: durationMs, ...row }: RepairRow): RepairRunRow {
  return { ...row, durationMs };
}

export function auditRow({ detail, ...row }: AuditLogRow): AuditRow {
  return { ...row, detail: detail === null ? null : (JSON.parse(detail) as Json) };
}

export function typePause({ type, paused_by: by, reason, at }: PauseRow): TypePause {
  return { type, by, reason, at };
}

export function operatorKey(row: KeyRow): OperatorKey {
  const { id, name, role } = row;
  return { id, name, role, createdAt: row.created_at, revokedAt: row.revoked_at };
}
