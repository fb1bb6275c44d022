// Goal: the decision after each outcome is the one that the semantics of sagas and TCC ask for.
// Method: sagas told as a list of outcomes; the calls that were made and the rows that were written tell the story.
import type { Json } from '../json';
import { fixed } from '../retry/backoff';
import { decide, killSaga, pauseSaga, type Decision } from './decide';
import type { SagaDefinition, Step } from './definition';
import { nextMove } from './next-move';
import type { Outcome } from './outcome';
import { NOT_BEGUN, replay, stepProgress, type Progress } from './progress';
import type { Transition } from './transition';

const ok = (result: Json = null): Outcome => ({ kind: 'succeeded', result });
const no = (reason: string): Outcome => ({ kind: 'refused', reason });
const fail = (over: Partial<Extract<Outcome, { kind: 'failed' }>> = {}): Outcome => ({
  kind: 'failed',
  code: 'TENON_HANDLER_FAILED',
  message: 'broken',
  isFinal: false,
  retryAfterMs: null,
  ...over,
});
const facts = { durationMs: 3, random: 0.5 };

/** A saga of two attempts per step; branches are written in capitals, external steps with a trailing `!`. */
function sagaOf(...names: readonly string[]): SagaDefinition {
  const steps = names.map((name): Step => {
    const bare = name.replace('!', '');
    const kind = bare === bare.toUpperCase() ? 'tcc' : 'action';
    const mode = bare === name ? 'transactional' : 'external';
    return {
      name: bare,
      kind,
      mode,
      handler: Object,
      timeoutMs: 1,
      retry: fixed({ attempts: 2, delayMs: 10 }),
    };
  });
  const input = { parse: (payload: unknown) => payload };
  return { type: 's', version: 1, input, keyOf: () => null, onPause: 'block', steps };
}

interface Told {
  readonly calls: readonly string[];
  readonly history: readonly Transition[];
  readonly progress: Progress;
  readonly last: Decision;
}

/** Runs the saga with these outcomes, one per call. */
function tell(definition: SagaDefinition, ...outcomes: readonly Outcome[]): Told {
  const calls: string[] = [];
  const history: Transition[] = [];
  let progress = NOT_BEGUN;
  let last: Decision | undefined;
  for (const outcome of outcomes) {
    const move = nextMove(definition, progress);
    if (move.kind !== 'call') throw new Error(`no call is due any more: ${move.kind}`);
    calls.push(`${move.phase} ${move.step.name} ${move.attempt}`);
    last = decide(definition, progress, move, outcome, facts);
    history.push(...last.transitions);
    progress = last.progress;
  }
  if (last === undefined) throw new Error('tell at least one outcome');
  return { calls, history, progress, last };
}

const path = (history: readonly Transition[]): string =>
  history.map(({ step, from, to }) => `${from}>${to}${step === null ? '' : `(${step})`}`).join(' ');

describe('a saga of actions', () => {
  const definition = sagaOf('a', 'b', 'c');

  it('completes when all succeed, and keeps what they returned', () => {
    const { calls, history, progress, last } = tell(definition, ok({ id: '1' }), ok(), ok('x'));
    expect(calls).toEqual(['action a 1', 'action b 1', 'action c 1']);
    expect(path(history)).toBe('ready>running(a) running>running(b) running>completed(c)');
    expect(last.then).toEqual({ kind: 'ended', reason: null });
    expect(stepProgress(progress, 'a').output).toEqual({ id: '1' });
    expect(history[0]).toMatchObject({
      attempt: 1,
      outcome: 'succeeded',
      durationMs: 3,
      result: { id: '1' },
    });
  });

  it('compensates in reverse what was done before a refusal, but not the step that refused', () => {
    const { calls, history, last } = tell(definition, ok(), ok(), no('too late'), ok(), ok());
    expect(calls.slice(3)).toEqual(['compensate b 1', 'compensate a 1']);
    expect(path(history)).toBe(
      'ready>running(a) running>running(b) running>compensating(c) compensating>compensating(b) compensating>compensated(a)',
    );
    expect(last.then).toEqual({ kind: 'ended', reason: 'too late' });
  });

  it('ends compensated at once when the first step refuses', () => {
    const { history, last } = tell(definition, no('closed'));
    expect(path(history)).toBe('ready>running running>compensating(a) compensating>compensated');
    expect(last.then).toEqual({ kind: 'ended', reason: 'closed' });
  });

  it('tries again after a failure, with the wait of its policy, and then goes on', () => {
    const { calls, history, last } = tell(definition, ok(), fail());
    expect(last.then).toEqual({ kind: 'wait', delayMs: 10 });
    expect(path(history)).toBe('ready>running(a) running>ready(b)');
    expect(history[1]).toMatchObject({
      outcome: 'failed',
      errorCode: 'TENON_HANDLER_FAILED',
      reason: 'broken',
    });
    const more = tell(definition, ok(), fail(), ok(), ok());
    expect([...calls.slice(1), ...more.calls.slice(2)]).toEqual([
      'action b 1',
      'action b 2',
      'action c 1',
    ]);
    expect(path(more.history.slice(2))).toBe('ready>running(b) running>completed(c)');
  });

  it('waits for as long as the handler asked', () => {
    expect(tell(definition, fail({ retryAfterMs: 7_000 })).last.then).toEqual({
      kind: 'wait',
      delayMs: 7_000,
    });
  });

  it('compensates a step whose attempts are spent, too: it may have been done', () => {
    const { calls, last } = tell(definition, ok(), fail(), fail(), ok(), ok());
    expect(calls.slice(2)).toEqual(['action b 2', 'compensate b 1', 'compensate a 1']);
    expect(last.then).toEqual({ kind: 'ended', reason: 'broken' });
  });

  it('spends no further attempt on a failure that is final', () => {
    expect(tell(definition, fail({ isFinal: true }), ok()).calls).toEqual([
      'action a 1',
      'compensate a 1',
    ]);
  });

  it('pauses when a compensation has spent its attempts or refuses, and owes it when it is resumed', () => {
    for (const undoing of [[fail(), fail()], [no('never')], [fail({ isFinal: true })]]) {
      const { progress, last } = tell(definition, ok(), no('x'), ...undoing);
      expect(last.then.kind).toBe('paused');
      expect(progress.state).toBe('paused');
      expect(nextMove(definition, progress)).toEqual({ kind: 'stopped' });
      const resumed = resume(definition, progress);
      expect(nextMove(definition, resumed)).toMatchObject({
        phase: 'compensate',
        step: { name: 'a' },
        attempt: 1,
      });
    }
  });
});

describe('a TCC', () => {
  const definition = sagaOf('A', 'B', 'C');

  it('tries in order, then confirms in order; the decision stands in the row of the last try', () => {
    const { calls, history } = tell(definition, ok(), ok(), ok(), ok(), ok(), ok());
    expect(calls.map((call) => call.slice(0, -2))).toEqual([
      'try A',
      'try B',
      'try C',
      'confirm A',
      'confirm B',
      'confirm C',
    ]);
    expect(path(history)).toBe(
      'ready>trying(A) trying>trying(B) trying>confirming(C) confirming>confirming(A) confirming>confirming(B) confirming>completed(C)',
    );
  });

  it('calls no later try after a refusal, and cancels in reverse what was tried', () => {
    const { calls, history, last } = tell(definition, ok(), ok(), no('bank closed'), ok(), ok());
    expect(calls.slice(2)).toEqual(['try C 1', 'cancel B 1', 'cancel A 1']);
    expect(path(history.slice(2))).toBe(
      'trying>cancelling(C) cancelling>cancelling(B) cancelling>compensated(A)',
    );
    expect(last.then).toEqual({ kind: 'ended', reason: 'bank closed' });
    expect(tell(definition, ok(), no('x'), ok()).calls).not.toContain('try C 1');
  });

  it('cancels also a try whose attempts are spent, first of all', () => {
    expect(tell(definition, ok(), fail(), fail(), ok(), ok()).calls.slice(2)).toEqual([
      'try B 2',
      'cancel B 1',
      'cancel A 1',
    ]);
  });

  it('cancels no transactional try that refused in the end: what failed before was rolled back', () => {
    expect(tell(definition, ok(), fail(), no('x'), ok()).calls.slice(2)).toEqual([
      'try B 2',
      'cancel A 1',
    ]);
  });

  it('cancels an external try that refused after it had failed: the failed call may have been carried out', () => {
    const external = sagaOf('A', 'B!');
    expect(tell(external, ok(), fail(), no('x'), ok(), ok()).calls.slice(2)).toEqual([
      'try B 2',
      'cancel B 1',
      'cancel A 1',
    ]);
    expect(tell(external, ok(), no('x'), ok()).calls.slice(2)).toEqual(['cancel A 1']);
  });

  it('pauses when a confirm fails for good or refuses, and never turns back', () => {
    for (const confirming of [[fail(), fail()], [no('I will not')]]) {
      const { progress, last } = tell(sagaOf('A'), ok('r'), ...confirming);
      expect([progress.state, last.then.kind, progress.isDecided]).toEqual([
        'paused',
        'paused',
        true,
      ]);
      const resumed = resume(sagaOf('A'), progress);
      expect(nextMove(sagaOf('A'), resumed)).toMatchObject({ phase: 'confirm', attempt: 1 });
      expect(stepProgress(resumed, 'A').output).toBe('r');
    }
  });

  it('owes a cancel that refused or failed for good', () => {
    const { progress } = tell(definition, ok(), no('x'), no('I will not'));
    expect(progress.state).toBe('paused');
    expect(nextMove(definition, resume(definition, progress))).toMatchObject({
      phase: 'cancel',
      step: { name: 'A' },
    });
  });
});

describe('steps around the branches', () => {
  const definition = sagaOf('before', 'A', 'behind');

  it('run before the tries and behind the confirms', () => {
    const { calls, history } = tell(definition, ok(), ok(), ok(), ok());
    expect(calls).toEqual(['action before 1', 'try A 1', 'confirm A 1', 'action behind 1']);
    expect(path(history)).toBe(
      'ready>running running>trying(before) trying>confirming(A) confirming>running(A) running>completed(behind)',
    );
  });

  it('declared before are compensated after the cancels', () => {
    const { calls, history } = tell(definition, ok(), fail(), fail(), ok(), ok());
    expect(calls.slice(2)).toEqual(['try A 2', 'cancel A 1', 'compensate before 1']);
    expect(path(history.slice(-3))).toBe(
      'trying>cancelling(A) cancelling>compensating(A) compensating>compensated(before)',
    );
  });

  it('declared behind only go forward: refused or exhausted they pause, and are called again when resumed', () => {
    for (const outcomes of [[no('x')], [fail(), fail()]]) {
      const { progress, last } = tell(definition, ok(), ok(), ok(), ...outcomes);
      expect(last.then.kind).toBe('paused');
      expect(nextMove(definition, resume(definition, progress))).toMatchObject({
        phase: 'action',
        step: { name: 'behind' },
        attempt: 1,
      });
    }
  });
});

describe('decisions between two calls', () => {
  const definition = sagaOf('a');

  it('pause a saga with the reason, from any live state', () => {
    const { progress } = tell(definition, fail());
    const paused = pauseSaga(definition, progress, 'TENON_CRASH_LOOP', 'crashed 20 times');
    expect(paused.then).toEqual({ kind: 'paused', reason: 'TENON_CRASH_LOOP: crashed 20 times' });
    expect(path(paused.transitions)).toBe('ready>paused');
    expect(paused.transitions).toMatchObject([
      { outcome: 'moved', errorCode: 'TENON_CRASH_LOOP', attempt: 0 },
    ]);
    expect(() => pauseSaga(definition, paused.progress, 'TENON_CRASH_LOOP', 'again')).toThrow(
      'not allowed',
    );
  });

  it('kill a saga for good', () => {
    const killed = killSaga(definition, NOT_BEGUN, 'TENON_INVALID_INPUT', 'no amount');
    expect(killed.then).toEqual({ kind: 'ended', reason: 'TENON_INVALID_INPUT: no amount' });
    expect(killed.progress.state).toBe('killed');
    expect(nextMove(definition, killed.progress)).toEqual({ kind: 'stopped' });
  });
});

describe('what was never done', () => {
  it('is recorded as empty, and counts as undone', () => {
    const definition = sagaOf('A');
    const { progress } = tell(definition, fail(), fail());
    const move = nextMove(definition, progress);
    if (move.kind !== 'call') throw new Error('a cancel is due');
    const decision = decide(definition, progress, move, ok(), { ...facts, isEmpty: true });
    expect(decision.transitions.map(({ outcome }) => outcome)).toEqual(['empty']);
    expect(decision.progress.state).toBe('compensated');
  });

  it('is told apart from inherited properties: a step may be named like one', () => {
    const definition = sagaOf('constructor', 'toString', 'hasOwnProperty');
    expect(tell(definition, ok(), fail(), ok(), ok()).progress.state).toBe('completed');
  });
});

/** As a person does who looked at a paused saga. */
function resume(definition: SagaDefinition, progress: Progress): Progress {
  const row: Transition = {
    seq: progress.seq + 1,
    step: null,
    phase: null,
    attempt: 0,
    from: 'paused',
    to: 'ready',
    outcome: 'moved',
    errorCode: null,
    reason: null,
    result: null,
    durationMs: 0,
  };
  return replay(definition, [row], progress);
}
