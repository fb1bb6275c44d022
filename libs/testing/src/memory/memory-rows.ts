import type { MarkerStatus, Phase, RecordedTransition, SagaState } from '@tenon/core';

/** A row of `op_log`. */
export interface MarkerRow {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  /** JSON text, parsed anew for every reader: what one reader changes no other sees. */
  readonly payload: string;
  readonly priority: number;
  readonly deadlineAt: number | null;
  readonly traceContext: string | null;
  readonly createdAt: number;
  idempotencyKey: string | null;
  status: MarkerStatus;
  dueAt: number;
  finishedAt: number | null;
  reason: string | null;
}

/** A row of `saga`, with its rows of `saga_transition`. */
export interface SagaRow {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly history: RecordedTransition[];
  state: SagaState;
  fence: number;
  sessionId: string | null;
  /** When it may be claimed, if nobody holds it; null once it has ended or is paused. */
  dueAt: number | null;
  isQueued: boolean;
  crashes: number;
  reason: string | null;
  finishedAt: number | null;
}

/** A row of `worker_session`. */
export interface SessionRow {
  readonly id: string;
  readonly worker: string;
  readonly roles: readonly string[];
  readonly versions: Readonly<Record<string, readonly number[]>>;
  readonly startedAt: number;
  renewedAt: number;
  expiresAt: number;
  endedAt: number | null;
  hasLapsed: boolean;
}

/** A row of `saga_fence`. */
export interface FenceRow {
  readonly sagaId: string;
  readonly step: string;
  readonly phase: Phase;
  readonly fence: number;
  readonly at: Date;
}

/** A row of `repair_run`. */
export interface RepairRow {
  readonly rule: string;
  readonly found: number;
  readonly repaired: number;
  readonly durationMs: number;
  readonly error: string | null;
}
