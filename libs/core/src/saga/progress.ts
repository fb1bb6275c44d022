import type { Json } from '../json';
import { invariant } from '../errors';
import type { SagaDefinition, Step } from './definition';
import { isLegalSagaMove, type Phase, type SagaState } from './states';
import type { Transition } from './transition';

/** How far one step has come. */
export interface StepProgress {
  /**
   * What is known of its action or try: `unknown` means called and failed, so possibly done; it is undone as if it were.
   */
  readonly forward: 'pending' | 'succeeded' | 'refused' | 'unknown';
  /** What became of it afterwards: a confirmed branch stays, an undone step is as if it had never been. */
  readonly after: 'open' | 'confirmed' | 'undone';
  readonly output: Json | undefined;
  /** Failed calls per phase since the start, or since a person resumed the saga. */
  readonly failures: Readonly<Partial<Record<Phase, number>>>;
}

/** A saga's history, folded. Everything that a decision needs, and nothing else. */
export interface Progress {
  readonly state: SagaState;
  /** The number of its last transition, 0 before the first. */
  readonly seq: number;
  /** Backward from the first refusal or exhausted failure on. */
  readonly direction: 'forward' | 'backward';
  /** The recorded decision to confirm: from here the saga can only go forward. */
  readonly isDecided: boolean;
  /** Why it turned back: the refusal's reason or the last failure. Null while it goes forward. */
  readonly turnedBackBy: string | null;
  readonly steps: Readonly<Record<string, StepProgress>>;
}

const UNTOUCHED: StepProgress = {
  forward: 'pending',
  after: 'open',
  output: undefined,
  failures: {},
};

/** A saga that has not begun. */
export const NOT_BEGUN: Progress = {
  state: 'ready',
  seq: 0,
  direction: 'forward',
  isDecided: false,
  turnedBackBy: null,
  steps: {},
};

export function stepProgress(progress: Progress, step: string): StepProgress {
  // Own entries only: a step may be named "constructor".
  return (Object.hasOwn(progress.steps, step) ? progress.steps[step] : undefined) ?? UNTOUCHED;
}

/** Folds a history, first row first. @throws InvariantError when the chain is broken or a move is illegal */
export function replay(
  definition: SagaDefinition,
  history: readonly Transition[],
  from = NOT_BEGUN,
): Progress {
  return history.reduce((progress, transition) => advance(definition, progress, transition), from);
}

/** The progress after one more transition. */
export function advance(
  definition: SagaDefinition,
  progress: Progress,
  transition: Transition,
): Progress {
  const { seq, from, to } = transition;
  invariant(seq === progress.seq + 1, `transition ${seq} follows number ${progress.seq}`);
  invariant(
    from === progress.state,
    `transition ${seq} begins in ${from}, but the saga is ${progress.state}`,
  );
  invariant(
    isLegalSagaMove(from, to),
    `transition ${seq} moves from ${from} to ${to}, which is not allowed`,
  );
  return {
    state: to,
    seq,
    direction: isBackward(to) ? 'backward' : progress.direction,
    isDecided: progress.isDecided || to === 'confirming',
    turnedBackBy: progress.turnedBackBy ?? (isBackward(to) ? transition.reason : null),
    steps: stepsAfter(
      definition,
      from === 'paused' ? { ...progress, steps: forgetFailures(progress.steps) } : progress,
      transition,
    ),
  };
}

function isBackward(state: SagaState): boolean {
  return state === 'cancelling' || state === 'compensating' || state === 'compensated';
}

function stepsAfter(
  definition: SagaDefinition,
  progress: Progress,
  transition: Transition,
): Progress['steps'] {
  const step = definition.steps.find((each) => each.name === transition.step);
  if (step === undefined || transition.phase === null) return progress.steps;
  const before = stepProgress(progress, step.name);
  return { ...progress.steps, [step.name]: stepAfter(step, before, transition, transition.phase) };
}

function stepAfter(
  step: Step,
  before: StepProgress,
  transition: Transition,
  phase: Phase,
): StepProgress {
  const isForward = phase === 'action' || phase === 'try';
  switch (transition.outcome) {
    case 'failed': {
      const failures = { ...before.failures, [phase]: (before.failures[phase] ?? 0) + 1 };
      return { ...before, failures, forward: isForward ? 'unknown' : before.forward };
    }
    case 'refused':
      // A confirm, cancel or compensation may not refuse: the saga pauses, and owes that call when it is resumed.
      if (!isForward) return before;
      // A transactional refusal was rolled back, so nothing is left of this step. An external one that had failed
      // before may have been carried out by the failed call: it stays unknown, and is undone.
      return step.mode === 'external' && before.forward === 'unknown'
        ? before
        : { ...before, forward: 'refused' };
    case 'succeeded':
    case 'empty':
      if (isForward) return { ...before, forward: 'succeeded', output: transition.result };
      return { ...before, after: phase === 'confirm' ? 'confirmed' : 'undone' };
    case 'skipped':
      if (isForward) return { ...before, forward: 'succeeded', output: undefined };
      return { ...before, after: phase === 'confirm' ? 'confirmed' : 'undone' };
    case 'moved':
      return before;
  }
}

/** A person who resumes a paused saga gives every handler its attempts back. */
function forgetFailures(steps: Progress['steps']): Progress['steps'] {
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [name, { ...step, failures: {} }]),
  );
}
