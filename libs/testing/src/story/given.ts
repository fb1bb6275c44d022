import {
  FinalError,
  NOT_BEGUN,
  decide,
  nextMove,
  outcomeOfThrown,
  refuse,
  toJsonText,
  type Json,
  type Outcome,
  type Phase,
  type Progress,
  type Saga,
  type SagaState,
} from '@tenon/core';

/** What a handler answers when the story comes to it. */
export interface Answer<Input, Results, Result> {
  /** It succeeds, with the result that later steps read; none is needed where the handler returns void. */
  succeeds(
    ...result: undefined extends Result ? [result?: Result] : [result: Result]
  ): Story<Input, Results>;
  /** The business says no. */
  refuses(reason: string): Story<Input, Results>;
  /** It throws; while attempts are left, the story's next call is the same one again. */
  fails(message?: string): Story<Input, Results>;
  /** It throws a FinalError: no further attempt. */
  failsForGood(message?: string): Story<Input, Results>;
}

/** What a story calls a step by: the names that its saga declared. */
type NameIn<Results> = keyof Results & string;
/** A saga told call by call. Each expectation fails, with what comes instead, when the saga would do something else. */
export interface Story<Input, Results> {
  expectAction<Name extends NameIn<Results>>(step: Name): Answer<Input, Results, Results[Name]>;
  expectCompensate(step: NameIn<Results>): Answer<Input, Results, undefined>;
  expectTry<Name extends NameIn<Results>>(step: Name): Answer<Input, Results, Results[Name]>;
  expectConfirm(step: NameIn<Results>): Answer<Input, Results, undefined>;
  expectCancel(step: NameIn<Results>): Answer<Input, Results, undefined>;
  /** No call is due any more, and the saga is in this state, for this reason where one is given. */
  expectSaga(state: SagaState, reason?: string): void;
}

/**
 * Tells what a saga does, without a database, a queue or its handlers: the order of calls that its declaration leads to.
 *
 * @example
 * given(transfer, order)
 *   .expectTry('debit').succeeds(reservation)
 *   .expectTry('credit').refuses('bank closed')
 *   .expectCancel('debit').succeeds()
 *   .expectSaga('compensated', 'bank closed');
 */
export function given<Input, Results>(
  saga: Saga<Input, Results>,
  input: Input,
): Story<Input, Results> {
  // As the engine does: what a handler is given has been stored as JSON, and parsed.
  saga.input.parse(JSON.parse(toJsonText(`The input of "${saga.type}"`, input)));
  return tell(saga, { progress: NOT_BEGUN, reason: null, told: [] });
}

interface Chapter {
  readonly progress: Progress;
  readonly reason: string | null;
  readonly told: readonly string[];
}

function tell<Input, Results>(saga: Saga<Input, Results>, chapter: Chapter): Story<Input, Results> {
  const expectCall = <Result>(phase: Phase, step: string): Answer<Input, Results, Result> => {
    const move = nextMove(saga, chapter.progress);
    const expected = `${phase} of ${step}`;
    if (move.kind !== 'call' || move.phase !== phase || move.step.name !== step) {
      throw new Error(misses(`Expected ${expected}`, dueIn(saga, chapter), chapter));
    }
    const answer = (outcome: Outcome): Story<Input, Results> => {
      const { progress, then } = decide(saga, chapter.progress, move, outcome, {
        durationMs: 0,
        random: 0,
      });
      const reason = then.kind === 'ended' || then.kind === 'paused' ? then.reason : null;
      return tell(saga, {
        progress,
        reason,
        told: [...chapter.told, `${expected} ${outcome.kind}`],
      });
    };
    return {
      succeeds: (...[result]) => answer({ kind: 'succeeded', result: asStored(expected, result) }),
      refuses: (reason) => answer(outcomeOfThrown(refuse(reason))),
      fails: (message = 'failed') => answer(outcomeOfThrown(new Error(message))),
      failsForGood: (message = 'failed') => answer(outcomeOfThrown(new FinalError(message))),
    };
  };
  return {
    expectAction: (step) => expectCall('action', step),
    expectCompensate: (step) => expectCall('compensate', step),
    expectTry: (step) => expectCall('try', step),
    expectConfirm: (step) => expectCall('confirm', step),
    expectCancel: (step) => expectCall('cancel', step),
    expectSaga(state, reason) {
      const isAsExpected =
        nextMove(saga, chapter.progress).kind !== 'call' && chapter.progress.state === state;
      if (!isAsExpected) {
        throw new Error(misses(`Expected the saga to be ${state}`, dueIn(saga, chapter), chapter));
      }
      if (reason !== undefined && reason !== chapter.reason) {
        const found = `the reason is ${chapter.reason === null ? 'none' : `"${chapter.reason}"`}`;
        throw new Error(
          misses(`Expected the saga to be ${state} because of "${reason}"`, found, chapter),
        );
      }
    },
  };
}

/** What the saga does instead, in words. */
function dueIn<Input, Results>(saga: Saga<Input, Results>, { progress }: Chapter): string {
  const move = nextMove(saga, progress);
  return move.kind === 'call'
    ? `${move.phase} of ${move.step.name} comes next`
    : `the saga is ${progress.state}`;
}

function misses(expected: string, found: string, { told }: Chapter): string {
  const before = told.length === 0 ? 'nothing yet' : told.join(', ');
  return `${expected}, but ${found}.\nSo far: ${before}.`;
}

function asStored(what: string, result: unknown): Json {
  return JSON.parse(toJsonText(`The result of ${what}`, result)) as Json;
}
