import type {
  HeldSaga,
  Json,
  Payload,
  RecordedTransition,
  SagaReport,
  SagaState,
  Transition,
} from '@tenon/core';

/** A saga that is held, with its marker's key and payload. */
export interface SagaRow {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly fence: number;
  readonly crashes: number;
  readonly key: string | null;
  readonly payload: string;
  readonly deadline_in_ms: string | null;
  readonly trace_context: string | null;
}

export interface TransitionRow {
  readonly saga_id: string;
  readonly seq: number;
  readonly step: string | null;
  readonly phase: Transition['phase'];
  readonly attempt: number;
  readonly from_state: SagaState;
  readonly to_state: SagaState;
  readonly outcome: Transition['outcome'];
  readonly error_code: string | null;
  readonly reason: string | null;
  readonly result: string | null;
  readonly duration_ms: number;
  readonly fence: number;
  readonly session_id: string | null;
  readonly verb: RecordedTransition['verb'];
  readonly at: Date;
}

export interface ReportRow {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly payload: string;
  readonly marker_status: string;
  readonly state: SagaState | null;
  readonly version: number | null;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export function heldSaga(row: SagaRow, history: readonly RecordedTransition[]): HeldSaga {
  const { id, type, version, key, fence, crashes, trace_context: traceContext } = row;
  const payload = jsonOf(row.payload);
  const deadlineInMs = row.deadline_in_ms === null ? null : Number(row.deadline_in_ms);
  return { id, type, version, key, payload, fence, crashes, deadlineInMs, traceContext, history };
}

export function recordedTransition(row: TransitionRow): RecordedTransition {
  return {
    seq: row.seq,
    step: row.step,
    phase: row.phase,
    attempt: row.attempt,
    from: row.from_state,
    to: row.to_state,
    outcome: row.outcome,
    errorCode: row.error_code,
    reason: row.reason,
    result: row.result === null ? null : jsonOf(row.result),
    durationMs: row.duration_ms,
    fence: row.fence,
    sessionId: row.session_id,
    verb: row.verb ?? null,
    at: row.at,
  };
}

/** The values of a transition in the order of the columns, from `seq` on. */
export function transitionValues(row: Transition): readonly (string | number | null)[] {
  return [
    row.seq,
    row.step,
    row.phase,
    row.attempt,
    row.from,
    row.to,
    row.outcome,
    row.errorCode,
    row.reason,
    row.result === null ? null : JSON.stringify(row.result),
    Math.round(row.durationMs),
  ];
}

export function sagaReport(row: ReportRow, history: readonly RecordedTransition[]): SagaReport {
  return {
    id: row.id,
    type: row.type,
    key: row.key,
    payload: jsonOf(row.payload),
    markerStatus: row.marker_status,
    state: row.state,
    version: row.version,
    reason: row.reason,
    history,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

/** Both servers' JSON comes as text: MariaDB's is text, MySQL's is asked for as such. */
export function jsonOf(text: string): Payload {
  return JSON.parse(text) as Json;
}

/** Ids in ascending order: rows are locked in one order everywhere. */
export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return compareIds(a.id, b.id);
}

export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/** Ids as numbers, in ascending order: given as text they would be compared as text, and their index not be used. */
export function numbersOf(ids: readonly string[]): readonly bigint[] {
  return [...ids].sort(compareIds).map(BigInt);
}
