import type { FencedCall, HeldSaga, SagaRecord, SagaState, Transition, Verb } from '@tenon/core';

/** A row of history with the number `seq`; by default an action that succeeded. */
export function row(seq: number, fields: Partial<Transition> = {}): Transition {
  return {
    seq,
    step: 'first',
    phase: 'action',
    attempt: 1,
    from: seq === 1 ? 'ready' : 'running',
    to: 'running',
    outcome: 'succeeded',
    errorCode: null,
    reason: null,
    result: null,
    durationMs: 1,
    ...fields,
  };
}

/** The next row of `saga`'s history. */
export function nextRow(saga: HeldSaga, fields: Partial<Transition> = {}): Transition {
  return row(saga.history.length + 1, { from: stateOf(saga), ...fields });
}

export function stateOf(saga: HeldSaga): SagaState {
  return saga.history.at(-1)?.to ?? 'ready';
}

/** The saga goes on in its session, with `transitions` more in its history. */
export function stays(saga: HeldSaga, transitions = [nextRow(saga)]): SagaRecord {
  return recordOf(saga, transitions, { kind: 'stays' });
}

/** The saga failed once and is due again after `delayMs`. */
export function waits(saga: HeldSaga, delayMs: number): SagaRecord {
  const failed = nextRow(saga, { to: 'ready', outcome: 'failed', errorCode: 'TENON_TEST' });
  const begun = nextRow(saga, { step: null, phase: null, attempt: 0, outcome: 'moved' });
  const rows =
    stateOf(saga) === 'ready'
      ? [begun, { ...failed, seq: begun.seq + 1, from: 'running' as const }]
      : [failed];
  return recordOf(saga, rows, { kind: 'waits', delayMs });
}

/** The saga completes. */
export function ends(saga: HeldSaga): SagaRecord {
  const begun = nextRow(saga);
  const rows = [begun, row(begun.seq + 1, { step: 'second', to: 'completed' })];
  return recordOf(saga, rows, { kind: 'ends', marker: 'done', reason: null });
}

/** The saga stops until a person looks. */
export function pauses(saga: HeldSaga, freesKey: boolean): SagaRecord {
  const paused = nextRow(saga, { to: 'paused', outcome: 'failed', reason: 'out of luck' });
  return recordOf(saga, [paused], { kind: 'pauses', reason: 'out of luck', freesKey });
}

function recordOf(
  saga: HeldSaga,
  transitions: readonly Transition[],
  exit: SagaRecord['exit'],
): SagaRecord {
  const last = transitions.at(-1);
  return {
    id: saga.id,
    fence: saga.fence,
    transitions,
    state: last?.to ?? stateOf(saga),
    seq: last?.seq ?? saga.history.length,
    exit,
  };
}

/** A call of one of the saga's steps, as its holder makes it. */
export function callOf(
  saga: HeldSaga,
  sessionId: string,
  phase: FencedCall['phase'] = 'action',
  step = 'first',
): FencedCall {
  return { sagaId: saga.id, fence: saga.fence, sessionId, step, phase, timeoutMs: 30_000 };
}

/** The next row of `saga`'s history as an operator's. */
export function operated(saga: HeldSaga, to: SagaState, verb: Verb = 'retry'): Transition {
  const moved = { step: null, phase: null, attempt: 0, outcome: 'moved' } as const;
  return nextRow(saga, { ...moved, to, verb, reason: 'an operator said so' });
}
