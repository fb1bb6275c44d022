import type { Json } from '../json';
import { backoffMs } from '../retry/backoff';
import type { SagaDefinition } from './definition';
import { nextMove, type Call } from './next-move';
import { ERROR_TEXT_LENGTH_MAX, type Outcome } from './outcome';
import { advance, type Progress } from './progress';
import { STATE_OF_PHASE, type SagaState } from './states';
import type { Transition, TransitionOutcome } from './transition';

/** What is to be recorded after a call, and what happens then. */
export interface Decision {
  /** One or more rows of history, in order. */
  readonly transitions: readonly Transition[];
  /** The progress when they are recorded. */
  readonly progress: Progress;
  readonly then: Then;
}

/**
 * - `go on`: the next call is due at once
 * - `wait`: the saga goes back to the database until the delay has passed
 * - `ended`, `paused`: it leaves the engine
 */
export type Then =
  | { readonly kind: 'go on' }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'ended'; readonly reason: string | null }
  | { readonly kind: 'paused'; readonly reason: string };

/** What the world adds to a decision. */
export interface Facts {
  readonly durationMs: number;
  /** 0..1, for the jitter of waits. */
  readonly random: number;
  /** No handler was called, because there was nothing to undo. */
  readonly isEmpty?: boolean;
  /** Milliseconds until the saga's deadline; null or left out where it has none. */
  readonly deadlineInMs?: number | null;
}

/** With less than this left, in milliseconds, a deadline has passed. */
const DEADLINE_MS_MIN = 1;

/** Whether a call that does not succeed turns the saga back: forward, and not yet decided. Only then do deadlines count. */
export function canTurnBack(progress: Progress, { phase }: Call): boolean {
  return (phase === 'action' || phase === 'try') && !progress.isDecided;
}

/**
 * What becomes of a saga whose deadline has passed while `call` is owed and {@link canTurnBack}: as if that call had failed
 * for good. It may have been made by a worker that died, so it counts as possibly done.
 */
export function expire(definition: SagaDefinition, progress: Progress, call: Call): Decision {
  const outcome: Outcome = {
    kind: 'failed',
    code: 'TENON_DEADLINE_EXCEEDED',
    message: `the deadline had passed before ${call.phase} of ${call.step.name} was called`,
    isFinal: true,
    retryAfterMs: null,
  };
  return decide(definition, progress, call, outcome, { durationMs: 0, random: 0 });
}

/**
 * What follows from the outcome of a call. Pure and total: the whole plan is in the answer, nothing is done here.
 *
 * - an action or try that refuses, or whose attempts are spent, turns the saga back; behind the decision to confirm
 *   there is no way back, so it pauses
 * - a confirm, cancel or compensation must succeed in the end: when its attempts are spent (or it refuses, which it
 *   may not) the saga pauses
 * - where the deadline leaves no time for the next attempt the saga turns back, and no wait is longer than until then
 */
export function decide(
  definition: SagaDefinition,
  progress: Progress,
  call: Call,
  outcome: Outcome,
  facts: Facts,
): Decision {
  const plan = new Plan(definition, progress, call, facts);
  const mayTurnBack = canTurnBack(progress, call);
  const deadlineInMs = (mayTurnBack ? facts.deadlineInMs : null) ?? Infinity;
  switch (outcome.kind) {
    case 'succeeded':
      return plan.succeed(outcome.result);
    case 'refused':
      if (mayTurnBack) return plan.turnBack('refused', null, outcome.reason);
      return plan.pause(
        'refused',
        'TENON_HANDLER_FAILED',
        `${call.phase} may not refuse here: ${outcome.reason}`,
      );
    case 'failed': {
      if (!outcome.isFinal && call.attempt < call.step.retry.attemptMax) {
        if (deadlineInMs < DEADLINE_MS_MIN)
          return plan.turnBack('failed', 'TENON_DEADLINE_EXCEEDED', overdue(outcome));
        const delayMs =
          outcome.retryAfterMs ?? backoffMs(call.step.retry, call.attempt, facts.random);
        return plan.wait(outcome.code, outcome.message, Math.min(delayMs, Math.ceil(deadlineInMs)));
      }
      if (mayTurnBack) return plan.turnBack('failed', outcome.code, outcome.message);
      return plan.pause('failed', outcome.code, outcome.message);
    }
  }
}

function overdue({ code, message }: Outcome & { readonly kind: 'failed' }): string {
  if (code === 'TENON_DEADLINE_EXCEEDED') return message;
  return `the deadline has passed; the last failure: ${message}`.slice(0, ERROR_TEXT_LENGTH_MAX);
}

/** Stops a saga between two calls, for instance because it crashed its worker again and again. */
export function pauseSaga(
  definition: SagaDefinition,
  progress: Progress,
  code: string,
  reason: string,
): Decision {
  return between(definition, progress, 'paused', code, reason, {
    kind: 'paused',
    reason: `${code}: ${reason}`,
  });
}

/** Ends a saga whose payload no handler can be called with. Nothing was done, so nothing is undone. */
export function killSaga(
  definition: SagaDefinition,
  progress: Progress,
  code: string,
  reason: string,
): Decision {
  return between(definition, progress, 'killed', code, reason, {
    kind: 'ended',
    reason: `${code}: ${reason}`,
  });
}

function between(
  definition: SagaDefinition,
  progress: Progress,
  to: SagaState,
  errorCode: string,
  reason: string,
  then: Then,
): Decision {
  const row = movedRow(progress, to, errorCode, reason);
  return { transitions: [row], progress: advance(definition, progress, row), then };
}

function movedRow(
  progress: Progress,
  to: SagaState,
  errorCode: string | null,
  reason: string | null,
): Transition {
  return {
    seq: progress.seq + 1,
    step: null,
    phase: null,
    attempt: 0,
    from: progress.state,
    to,
    outcome: 'moved',
    errorCode,
    reason,
    result: null,
    durationMs: 0,
  };
}

/** Collects the rows of one decision, keeping the progress that they lead to. */
class Plan {
  private readonly rows: Transition[] = [];

  constructor(
    private readonly definition: SagaDefinition,
    private progress: Progress,
    private readonly call: Call,
    private readonly facts: Facts,
  ) {}

  succeed(result: Json): Decision {
    const outcome = this.facts.isEmpty === true ? 'empty' : 'succeeded';
    return this.stepTo((after) => this.dueState(after), {
      outcome,
      errorCode: null,
      reason: null,
      result,
    });
  }

  turnBack(outcome: 'refused' | 'failed', errorCode: string | null, reason: string): Decision {
    const turn = this.call.phase === 'try' ? 'cancelling' : 'compensating';
    return this.stepTo(() => turn, { outcome, errorCode, reason, result: null });
  }

  wait(errorCode: string, reason: string, delayMs: number): Decision {
    this.pushStep('ready', { outcome: 'failed', errorCode, reason, result: null });
    return this.done({ kind: 'wait', delayMs });
  }

  pause(outcome: 'refused' | 'failed', errorCode: string, reason: string): Decision {
    this.pushStep('paused', { outcome, errorCode, reason, result: null });
    const { step, phase } = this.call;
    return this.done({ kind: 'paused', reason: `${phase} of ${step.name}: ${reason}` });
  }

  /** Records the call with the state that follows from it, and moves on while no call is due in that state. */
  private stepTo(stateOf: (after: Progress) => SagaState, said: Said): Decision {
    const active = STATE_OF_PHASE[this.call.phase];
    const known = advance(this.definition, this.progress, this.stepRow(active, said));
    this.pushStep(stateOf(known), said);
    const due = this.dueState(this.progress);
    if (due !== this.progress.state) this.push(movedRow(this.progress, due, null, null));
    const move = nextMove(this.definition, this.progress);
    return this.done(
      move.kind === 'call'
        ? { kind: 'go on' }
        : { kind: 'ended', reason: this.progress.turnedBackBy },
    );
  }

  /**
   * The row of a call runs from or to the state that its phase stands for. A saga that waited, or never began, moves
   * into that state first, unless the row itself takes it there.
   */
  private pushStep(to: SagaState, said: Said): void {
    const active = STATE_OF_PHASE[this.call.phase];
    if (this.progress.state !== active && to !== active)
      this.push(movedRow(this.progress, active, null, null));
    this.push(this.stepRow(to, said));
  }

  private stepRow(to: SagaState, said: Said): Transition {
    const { step, phase, attempt } = this.call;
    const { state: from, seq } = this.progress;
    return {
      seq: seq + 1,
      step: step.name,
      phase,
      attempt,
      from,
      to,
      ...said,
      durationMs: this.facts.durationMs,
    };
  }

  /** The state in which a saga that has come this far waits for its next call, or in which it has ended. */
  private dueState(progress: Progress): SagaState {
    const move = nextMove(this.definition, progress);
    if (move.kind === 'call') return STATE_OF_PHASE[move.phase];
    return move.kind === 'end' ? move.state : progress.state;
  }

  private push(row: Transition): void {
    this.progress = advance(this.definition, this.progress, row);
    this.rows.push(row);
  }

  /** The row that ends a saga tells why it ended so, whatever handler was called last. */
  private done(then: Then): Decision {
    const last = this.rows.at(-1);
    const reason = last?.reason ?? (then.kind === 'ended' ? then.reason : null);
    const transitions = last === undefined ? [] : [...this.rows.slice(0, -1), { ...last, reason }];
    return { transitions, progress: this.progress, then };
  }
}

interface Said {
  readonly outcome: TransitionOutcome;
  readonly errorCode: string | null;
  readonly reason: string | null;
  readonly result: Json;
}
