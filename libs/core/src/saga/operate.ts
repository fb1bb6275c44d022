import type { Json } from '../json';
import type { SagaDefinition } from './definition';
import { owedMove, type Call } from './next-move';
import { advance, type Progress } from './progress';
import { isFinalState, STATE_OF_PHASE, type SagaState } from './states';
import type { RecordedTransition, Transition } from './transition';
import type { Verb } from './verbs';

/** A verb, with what the operator says to it. */
export interface Order {
  readonly verb: Verb;
  /** Why. Stands in the saga's history and in the audit log. */
  readonly reason: string;
  /** `mark-done` of an action: its result, which later steps read. Default null. */
  readonly result?: Json;
}

/** What becomes of the saga: due at once, or ended. */
export type OperatedExit =
  { readonly kind: 'due' } | { readonly kind: 'ends'; readonly reason: string | null };

/**
 * - `row`: what is to be recorded, and what happens then
 * - `unchanged`: the saga is where the verb leads already: a second click
 * - `refused`: the state does not allow it; `because` says why, and what would be allowed
 */
export type Operated =
  | { readonly kind: 'row'; readonly row: Transition; readonly exit: OperatedExit }
  | { readonly kind: 'unchanged'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string };

/** A saga as an operator meets it. */
export interface Operable {
  readonly definition: SagaDefinition;
  readonly progress: Progress;
  readonly history: readonly RecordedTransition[];
  /** It waits until a due time; nobody holds it. */
  readonly isWaiting: boolean;
}

/** What a verb does to a saga that has come this far. Pure and total. */
export function operate(saga: Operable, order: Order): Operated {
  if (isFinalState(saga.progress.state)) return ended(saga.progress.state, saga.history, order);
  switch (order.verb) {
    case 'retry':
      return retry(saga, order);
    case 'resume':
      return resume(saga, order);
    case 'skip':
    case 'mark-done':
      return settle(saga, order);
    case 'cancel':
      return cancel(saga, order);
    case 'kill':
      return ending(moved(saga.progress, order, 'killed'), order.reason);
  }
}

/** Without its definition, or with a history that does not fit it, a saga can only be ended. */
export function killUnknown(
  saga: Pick<Progress, 'state' | 'seq'>,
  history: readonly RecordedTransition[],
  order: Order,
): Operated {
  if (isFinalState(saga.state)) return ended(saga.state, history, order);
  return order.verb === 'kill'
    ? ending(moved(saga, order, 'killed'), order.reason)
    : refused(
        'this process does not know the definition that it began with, or its history does not fit it. Deploy that definition here, or kill the saga.',
      );
}

function ended(state: SagaState, history: readonly RecordedTransition[], order: Order): Operated {
  return history.at(-1)?.verb === order.verb
    ? unchanged(`it is ${state} already`)
    : refused(`it has ended (${state}). Start a new operation if it is still owed.`);
}

function retry(saga: Operable, order: Order): Operated {
  if (saga.progress.state !== 'paused' && !saga.isWaiting)
    return notPaused(saga, order, 'it is neither paused nor waiting for its next attempt');
  return goOn(saga, order);
}

function resume(saga: Operable, order: Order): Operated {
  if (saga.progress.state !== 'paused') return notPaused(saga, order, 'it is not paused');
  return goOn(saga, order);
}

/** Back into the state in which the call that is owed is made. */
function goOn(saga: Operable, order: Order): Operated {
  const owed = owedMove(saga.definition, saga.progress);
  const to = owed.kind === 'call' ? STATE_OF_PHASE[owed.phase] : 'ready';
  return due(moved(saga.progress, order, to));
}

function settle(saga: Operable, order: Order): Operated {
  const { definition, progress } = saga;
  if (progress.state !== 'paused') return notPaused(saga, order, 'it is not paused');
  const owed = owedMove(definition, progress);
  if (owed.kind !== 'call') return refused('no call is owed. Resume it.');
  if (owed.phase === 'try')
    return refused(
      `what is owed is the try of "${owed.step.name}", on which the decision of all branches rests. Retry it, or cancel the saga.`,
    );
  const row = called(saga, order, owed, STATE_OF_PHASE[owed.phase]);
  const after = owedMove(definition, advance(definition, progress, row));
  if (after.kind === 'call') return due({ ...row, to: STATE_OF_PHASE[after.phase] });
  return after.kind === 'end'
    ? ending({ ...row, to: after.state }, progress.turnedBackBy)
    : refused('nothing follows from it. Resume the saga.');
}

function cancel(saga: Operable, order: Order): Operated {
  const { definition, progress } = saga;
  if (progress.isDecided)
    return refused(
      'its confirms are decided: from there it only goes forward. Retry, skip or mark done what is owed.',
    );
  if (progress.direction === 'backward')
    return progress.state === 'paused'
      ? refused('it is being undone, and paused on the way. Retry, skip or mark done what is owed.')
      : unchanged('it is being undone already');
  const owed = owedMove(definition, progress);
  if (owed.kind !== 'call') return refused('no call is owed. Resume it.');
  // The call that is owed may be under way: it counts as possibly done, and the fence makes undoing nothing of nothing.
  const row = called(saga, order, owed, owed.phase === 'try' ? 'cancelling' : 'compensating');
  return due(row);
}

/** A second click finds the saga where the first has brought it: on its way, with no pause since. */
function notPaused(saga: Operable, order: Order, why: string): Operated {
  const pause = saga.history.map((row) => row.to).lastIndexOf('paused');
  const sinceThePause = saga.history.slice(pause + 1);
  return sinceThePause.some((row) => row.verb === order.verb)
    ? unchanged(`it goes on since the last "${order.verb}"`)
    : refused(`${why}: it is ${saga.progress.state}.`);
}

function moved(
  { state: from, seq }: Pick<Progress, 'state' | 'seq'>,
  order: Order,
  to: SagaState,
): Transition {
  return {
    seq: seq + 1,
    step: null,
    phase: null,
    attempt: 0,
    from,
    to,
    outcome: 'moved',
    errorCode: null,
    reason: order.reason,
    result: null,
    durationMs: 0,
    verb: order.verb,
  };
}

const OUTCOME_OF_VERB = { skip: 'skipped', 'mark-done': 'succeeded', cancel: 'failed' } as const;

function called(
  saga: Operable,
  order: Order,
  { step, phase, attempt }: Call,
  to: SagaState,
): Transition {
  const verb = order.verb as keyof typeof OUTCOME_OF_VERB;
  return {
    ...moved(saga.progress, order, to),
    step: step.name,
    phase,
    attempt,
    outcome: OUTCOME_OF_VERB[verb],
    errorCode: verb === 'cancel' ? 'TENON_CANCELLED' : null,
    result: verb === 'mark-done' ? (order.result ?? null) : null,
  };
}

function due(row: Transition): Operated {
  return { kind: 'row', row, exit: { kind: 'due' } };
}

function ending(row: Transition, reason: string | null): Operated {
  return { kind: 'row', row, exit: { kind: 'ends', reason } };
}

function unchanged(because: string): Operated {
  return { kind: 'unchanged', because };
}

function refused(because: string): Operated {
  return { kind: 'refused', because };
}
