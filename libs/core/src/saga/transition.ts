import type { Json } from '../json';
import type { Phase, SagaState } from './states';
import type { Verb } from './verbs';

/**
 * One row of a saga's history, never updated. Rows of a saga are numbered from 1 without a gap, each begins in the state
 * in which the one before it ended, and the last one tells the saga's state.
 */
export interface Transition {
  readonly seq: number;
  /** The step that was called, or null where the saga itself moved (a start, a turn back, a pause, a kill). */
  readonly step: string | null;
  readonly phase: Phase | null;
  /** Number of the call of this step and phase, from 1; 0 where no handler was called. */
  readonly attempt: number;
  readonly from: SagaState;
  readonly to: SagaState;
  readonly outcome: TransitionOutcome;
  readonly errorCode: string | null;
  /** The refusal's reason, the failure's message, why the saga was paused, or why it ended as it did. */
  readonly reason: string | null;
  /** What a try or an action returned; later steps read it. */
  readonly result: Json;
  readonly durationMs: number;
  /** What the operator did whose doing this row is. Default null: it is the engine's. */
  readonly verb?: Verb | null;
}

/**
 * - `moved`: no handler was called
 * - `empty`: the undoing of something that had never been done; no handler was called
 * - `skipped`: an operator has decided that the call is not needed
 */
export const TRANSITION_OUTCOMES = [
  'succeeded',
  'refused',
  'failed',
  'empty',
  'moved',
  'skipped',
] as const;
export type TransitionOutcome = (typeof TRANSITION_OUTCOMES)[number];

/** What the database adds to a {@link Transition}. */
export interface RecordedTransition extends Transition {
  readonly fence: number;
  /** The worker session that wrote the row. */
  readonly sessionId: string | null;
  readonly at: Date;
}
