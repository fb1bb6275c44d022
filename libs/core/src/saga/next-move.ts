import type { SagaDefinition, Step } from './definition';
import { stepProgress, type Progress } from './progress';
import { isFinalState, type Phase } from './states';

/** A handler call that is due. */
export interface Call {
  readonly kind: 'call';
  readonly step: Step;
  readonly phase: Phase;
  /** Number of this call of this step and phase, from 1. */
  readonly attempt: number;
}

/** What a saga does next. */
export type Move =
  | Call
  | { readonly kind: 'end'; readonly state: 'completed' | 'compensated' }
  | { readonly kind: 'stopped' };

/**
 * What to do with a saga that has come this far. Pure and total.
 *
 * Forward: the actions before the TCC branches, the tries, then (the decision being recorded) the confirms, then the
 * actions behind them. Backward: the cancels and then the compensations, each in reverse order, of every step that
 * succeeded or may have.
 */
export function nextMove(definition: SagaDefinition, progress: Progress): Move {
  return progress.state === 'paused' ? { kind: 'stopped' } : owedMove(definition, progress);
}

/** The same for a paused saga as well: what it does next once it goes on. */
export function owedMove(definition: SagaDefinition, progress: Progress): Move {
  if (isFinalState(progress.state)) return { kind: 'stopped' };
  const parts = partsOf(definition);
  return progress.direction === 'forward' ? forward(parts, progress) : backward(parts, progress);
}

/** The three parts of a saga. Without TCC branches all steps are `before`. */
export function partsOf(definition: SagaDefinition): {
  readonly before: readonly Step[];
  readonly branches: readonly Step[];
  readonly behind: readonly Step[];
} {
  const kinds = definition.steps.map((step) => step.kind);
  const first = kinds.indexOf('tcc');
  if (first === -1) return { before: definition.steps, branches: [], behind: [] };
  const end = kinds.lastIndexOf('tcc') + 1;
  return {
    before: definition.steps.slice(0, first),
    branches: definition.steps.slice(first, end),
    behind: definition.steps.slice(end),
  };
}

function forward(
  { before, branches, behind }: ReturnType<typeof partsOf>,
  progress: Progress,
): Move {
  const isOpen = (step: Step): boolean => stepProgress(progress, step.name).forward !== 'succeeded';
  const isUnconfirmed = (step: Step): boolean =>
    stepProgress(progress, step.name).after !== 'confirmed';
  return (
    callFirst(before.filter(isOpen), 'action', progress) ??
    callFirst(branches.filter(isOpen), 'try', progress) ??
    callFirst(branches.filter(isUnconfirmed), 'confirm', progress) ??
    callFirst(behind.filter(isOpen), 'action', progress) ?? { kind: 'end', state: 'completed' }
  );
}

function backward({ before, branches }: ReturnType<typeof partsOf>, progress: Progress): Move {
  const isOwed = (step: Step): boolean => {
    const { forward, after } = stepProgress(progress, step.name);
    return after === 'open' && (forward === 'succeeded' || forward === 'unknown');
  };
  return (
    callFirst(branches.filter(isOwed).reverse(), 'cancel', progress) ??
    callFirst(before.filter(isOwed).reverse(), 'compensate', progress) ?? {
      kind: 'end',
      state: 'compensated',
    }
  );
}

function callFirst(steps: readonly Step[], phase: Phase, progress: Progress): Call | undefined {
  const step = steps[0];
  if (step === undefined) return undefined;
  const failures = stepProgress(progress, step.name).failures[phase] ?? 0;
  return { kind: 'call', step, phase, attempt: failures + 1 };
}
