import type {
  HeldSaga,
  Payload,
  Phase,
  RecordedTransition,
  SagaReport,
  SagaState,
  Transition,
  TransitionOutcome,
} from '@tenon/core';
import type { CustomTypesConfig } from 'pg';

/** A saga as the claiming statements answer it, without its history. */
export interface SagaRow {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly fence: number;
  readonly crashes: number;
  readonly key: string | null;
  readonly payload: Payload;
  readonly deadline_in_ms: number | null;
  readonly trace_context: string | null;
}

export interface TransitionRow {
  readonly saga_id: string;
  readonly seq: number;
  readonly step: string | null;
  readonly phase: Phase | null;
  readonly attempt: number;
  readonly from_state: SagaState;
  readonly to_state: SagaState;
  readonly outcome: TransitionOutcome;
  readonly error_code: string | null;
  readonly reason: string | null;
  readonly result: Payload;
  readonly duration_ms: number;
  readonly fence: number;
  readonly session_id: string | null;
  readonly verb: RecordedTransition['verb'];
  readonly at_ms: number;
}

export interface ReportRow {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly payload: Payload;
  readonly marker_status: string;
  readonly state: SagaState | null;
  readonly version: number | null;
  readonly reason: string | null;
  readonly created_ms: number;
  readonly finished_ms: number | null;
}

export function heldSaga(row: SagaRow, history: readonly RecordedTransition[]): HeldSaga {
  const { id, type, version, key, payload, fence, crashes } = row;
  const { deadline_in_ms: deadlineInMs, trace_context: traceContext } = row;
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
    result: row.result,
    durationMs: row.duration_ms,
    fence: row.fence,
    sessionId: row.session_id,
    verb: row.verb ?? null,
    at: new Date(row.at_ms),
  };
}

export function sagaReport(row: ReportRow, history: readonly RecordedTransition[]): SagaReport {
  return {
    id: row.id,
    type: row.type,
    key: row.key,
    payload: row.payload,
    markerStatus: row.marker_status,
    state: row.state,
    version: row.version,
    reason: row.reason,
    history,
    createdAt: new Date(row.created_ms),
    finishedAt: row.finished_ms === null ? null : new Date(row.finished_ms),
  };
}

/** The columns of many transitions, one array each, in the order of RECORD and RECORD_STEP, from `seq` on. */
export function transitionColumns(
  transitions: readonly Transition[],
): readonly (readonly unknown[])[] {
  return [
    transitions.map(({ seq }) => seq),
    transitions.map(({ step }) => step),
    transitions.map(({ phase }) => phase),
    transitions.map(({ attempt }) => attempt),
    transitions.map(({ from }) => from),
    transitions.map(({ to }) => to),
    transitions.map(({ outcome }) => outcome),
    transitions.map(({ errorCode }) => errorCode),
    transitions.map(({ reason }) => reason),
    transitions.map(({ result }) => (result === null ? null : JSON.stringify(result))),
    transitions.map(({ durationMs }) => Math.round(durationMs)),
  ];
}

/** Ids in ascending order: rows are locked in one order everywhere. */
export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : Number(a.id > b.id));
}

const BOOLEAN = 16;
const NUMBERS = [21, 23, 701];
const JSONS = [114, 3802];

/** Parsers of this library's own: an application may have taught the driver others, for all of the process. */
export const TYPE_PARSERS: CustomTypesConfig = {
  getTypeParser: (oid: number) => {
    if (oid === BOOLEAN) return (text: string) => text === 't';
    if (NUMBERS.includes(oid)) return Number;
    if (JSONS.includes(oid)) return JSON.parse;
    return (text: string) => text;
  },
};
