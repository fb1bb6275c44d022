import {
  TenonError,
  canTurnBack,
  crashesInVain,
  decide,
  expire,
  invariant,
  outcomeOfThrown,
  outgoingHeaders,
  Refusal,
  stepProgress,
  toJsonText,
  type Call,
  type Decision,
  type FaultPoints,
  type HeldSaga,
  type Json,
  type Outcome,
  type Progress,
  type Store,
  type Tx,
} from '@tenon/core';
import type { Clock } from './clock/clock';
import type { EngineObserver } from './observer';
import type { RunnableSaga } from './registry';
import type { Session } from './session';
import { Slots } from './slots';

/** A saga that is being run, as the step caller needs it. */
export interface RunningSaga {
  readonly held: HeldSaga;
  readonly runnable: RunnableSaga;
  readonly input: unknown;
  readonly progress: Progress;
  readonly session: Session;
  /** Its deadline on this process's monotonic clock, or null. */
  readonly expiresAtMs: number | null;
}

/**
 * What came of a call:
 * - `recorded`: the decision's rows are in the history, committed with the handler's effects
 * - `decided`: the decision is still to be recorded
 * - `look`: the database knows more than this process (or the call was cut off): load the saga
 */
export type CallResult =
  | { readonly kind: 'recorded' | 'decided'; readonly decision: Decision }
  | { readonly kind: 'look' };

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly faults: FaultPoints;
  readonly observer: Required<EngineObserver>;
  readonly workerName: string;
  readonly transactionalCallMax: number;
  readonly externalCallMax: number;
  /** How many saga types share the slots. */
  readonly typeCount: number;
}

/** Aborts when the call's time is up or the session has ended. */
interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** The time begins anew: what was spent on the way into the transaction is not the handler's. */
  restart(): void;
  cancel(): void;
}

/** Deadlocks and serialization failures of a handler's transaction are met by running it again, this often, before they count. */
const CONFLICT_RETRY_MAX = 10;

/** RUN: calls one handler, in its transaction where it has one, and decides what follows. */
export class StepCaller {
  private readonly transactional: Slots;
  /** A part of the transactional slots: see {@link StepCaller.inSlot}. */
  private readonly takenOver: Slots;
  private readonly external: Slots;

  constructor(private readonly deps: Dependencies) {
    const { transactionalCallMax, externalCallMax, typeCount } = deps;
    this.transactional = new Slots(transactionalCallMax, typeCount);
    this.takenOver = new Slots(Math.ceil(transactionalCallMax / 2), typeCount);
    this.external = new Slots(externalCallMax, typeCount);
  }

  async call(saga: RunningSaga, call: Call): Promise<CallResult> {
    if (this.hasExpired(saga, call)) return expired(saga, call);
    return this.inSlot(saga, call, async () => {
      if (saga.session.signal.aborted) return { kind: 'look' };
      if (this.hasExpired(saga, call)) return expired(saga, call);
      const deadline = this.deadline(saga, call);
      try {
        return call.step.mode === 'transactional'
          ? await this.callInTransaction(saga, call, deadline)
          : await this.callOutside(saga, call, deadline);
      } finally {
        deadline.cancel();
      }
    });
  }

  /**
   * A saga that was taken over from a lapsed session may find that one's transaction still open, and wait for its end. Such
   * calls get no more than half of the slots, so that however many a frozen process has left behind, the others get on.
   */
  private inSlot<R>({ held }: RunningSaga, { step }: Call, work: () => Promise<R>): Promise<R> {
    const { type } = held;
    if (step.mode === 'external') return this.external.use(type, work);
    if (crashesInVain(held) === 0) return this.transactional.use(type, work);
    return this.takenOver.use(type, () => this.transactional.use(type, work));
  }

  private hasExpired(saga: RunningSaga, call: Call): boolean {
    return (this.deadlineInMs(saga, call) ?? Infinity) <= 0;
  }

  /** Null: the saga has no deadline, or is past the point where it could turn back. */
  private deadlineInMs({ progress, expiresAtMs }: RunningSaga, call: Call): number | null {
    if (expiresAtMs === null || !canTurnBack(progress, call)) return null;
    return expiresAtMs - this.deps.clock.now();
  }

  private deadline(saga: RunningSaga, call: Call): Deadline {
    const { clock } = this.deps;
    const { session } = saga;
    const controller = new AbortController();
    const { timeoutMs } = call.step;
    let endsAtMs = 0;
    const arm = (): (() => void) => {
      const deadlineInMs = this.deadlineInMs(saga, call) ?? Infinity;
      const budgetMs = Math.max(0, Math.min(timeoutMs, Math.ceil(deadlineInMs)));
      endsAtMs = clock.now() + budgetMs;
      return clock.after(budgetMs, () => controller.abort(outOfTime(call, deadlineInMs)));
    };
    let cancelTimer = arm();
    const onSessionEnd = (): void => controller.abort(session.signal.reason);
    session.signal.addEventListener('abort', onSessionEnd, { once: true });
    return {
      signal: controller.signal,
      remainingMs: () => Math.max(0, endsAtMs - clock.now()),
      restart: () => {
        cancelTimer();
        cancelTimer = arm();
      },
      cancel: () => {
        cancelTimer();
        session.signal.removeEventListener('abort', onSessionEnd);
      },
    };
  }

  private async callOutside(
    saga: RunningSaga,
    call: Call,
    deadline: Deadline,
  ): Promise<CallResult> {
    const startedMs = this.deps.clock.now();
    const outcome = await this.invoke(saga, call, deadline, null);
    if (saga.session.signal.aborted) return { kind: 'look' };
    await this.deps.faults.hit('step.afterEffect');
    return { kind: 'decided', decision: this.decide(saga, call, outcome, startedMs, false) };
  }

  private async callInTransaction(
    saga: RunningSaga,
    call: Call,
    deadline: Deadline,
  ): Promise<CallResult> {
    const { signal } = deadline;
    const handler = { isCalled: false };
    const onCall = (): void => {
      handler.isCalled = true;
      deadline.restart();
    };
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return await this.transaction(saga, call, deadline, onCall);
      } catch (error) {
        if (saga.session.signal.aborted) return { kind: 'look' };
        const kind = this.deps.store.classify(error);
        if (kind === 'conflict' && conflicts < CONFLICT_RETRY_MAX && !signal.aborted) {
          await this.deps.clock.sleep(
            5 * (conflicts + 1) * (0.5 + this.deps.clock.random()),
            signal,
          );
          continue;
        }
        // The connection went away, perhaps during COMMIT: only the database can say what happened.
        if (kind === 'unavailable') return { kind: 'look' };
        // No connection was free, or a holder from before still stands in its transaction, frozen or cut off. That is no
        // failure of a handler that was never called; and a record of it would wait behind the rows of that transaction,
        // with everything else in its group commit.
        if (!handler.isCalled && (signal.aborted || kind === 'conflict')) return { kind: 'look' };
        return {
          kind: 'decided',
          decision: this.decide(saga, call, outcomeOfThrown(error), null, false),
        };
      }
    }
  }

  private async transaction(
    saga: RunningSaga,
    call: Call,
    deadline: Deadline,
    onCall: () => void,
  ): Promise<CallResult> {
    const { store, faults, clock } = this.deps;
    const isBounded = this.deadlineInMs(saga, call) !== null;
    const startedMs = clock.now();
    const made: { decision?: Decision } = {};
    const fenced = {
      sagaId: saga.held.id,
      fence: saga.held.fence,
      sessionId: saga.session.id,
      step: call.step.name,
      phase: call.phase,
      statementMsMax: isBounded ? deadline.remainingMs() : null,
      timeoutMs: call.step.timeoutMs,
    };
    const commit = await store.inStepTransaction(fenced, deadline.signal, async (tx, isEmpty) => {
      onCall();
      const outcome: Outcome = isEmpty
        ? { kind: 'succeeded', result: null }
        : await this.invoke(saga, call, deadline, tx);
      made.decision = this.decide(saga, call, outcome, startedMs, isEmpty);
      if (outcome.kind !== 'succeeded') return null;
      await faults.hit('step.beforeCommit');
      return made.decision.transitions;
    });
    if (commit === 'overtaken') return { kind: 'look' };
    const { decision } = made;
    invariant(decision !== undefined, 'a step transaction ended without a decision');
    if (commit === 'rolledBack') return { kind: 'decided', decision };
    await faults.hit('step.afterEffect');
    return { kind: 'recorded', decision };
  }

  private decide(
    saga: RunningSaga,
    call: Call,
    outcome: Outcome,
    startedMs: number | null,
    isEmpty: boolean,
  ): Decision {
    const { clock } = this.deps;
    const durationMs = startedMs === null ? 0 : Math.round(clock.now() - startedMs);
    return decide(saga.runnable.definition, saga.progress, call, outcome, {
      durationMs,
      random: clock.random(),
      isEmpty,
      deadlineInMs: this.deadlineInMs(saga, call),
    });
  }

  /** Calls the handler, and turns whatever it answers, throws or does not answer in time into an outcome. */
  private async invoke(
    saga: RunningSaga,
    call: Call,
    deadline: Deadline,
    tx: Tx | null,
  ): Promise<Outcome> {
    const handler = saga.runnable.handlers.get(call.step.name);
    const method = handler?.[call.phase];
    if (handler === undefined || method === undefined) {
      // An action without `compensate` has nothing to undo.
      return { kind: 'succeeded', result: null };
    }
    const { clock, observer } = this.deps;
    const startedMs = clock.now();
    const outcome = await this.outcomeOf(call, deadline.signal, tx, () =>
      method.call(handler, this.contextOf(saga, call, deadline, tx)),
    );
    const durationMs = clock.now() - startedMs;
    const { step, phase } = call;
    observer.stepCalled({
      ...{ saga: saga.held, step: step.name, phase },
      ...{ outcome: outcome.kind, durationMs },
    });
    return outcome;
  }

  /** Throws what is trouble of the transaction; see {@link StepCaller.isDatabaseTrouble}. */
  private async outcomeOf(
    call: Call,
    signal: AbortSignal,
    tx: Tx | null,
    run: () => Promise<unknown>,
  ): Promise<Outcome> {
    try {
      const answer = await endingWith(signal, run());
      if (answer instanceof Refusal) return outcomeOfThrown(answer);
      return { kind: 'succeeded', result: checkedResult(call, answer) };
    } catch (error) {
      if (tx !== null && this.isDatabaseTrouble(error)) throw error;
      return outcomeOfThrown(error);
    }
  }

  /**
   * A deadlock, or the loss of the connection, in a statement of the handler is trouble of its transaction and no failure
   * of the handler. Only what the database driver said counts: a handler may also have met an unreachable HTTP service.
   */
  private isDatabaseTrouble(error: unknown): boolean {
    const kind = this.deps.store.classify(error);
    const isFromDriver = typeof error === 'object' && error !== null && 'driverError' in error;
    return kind === 'conflict' || (kind === 'unavailable' && isFromDriver);
  }

  private contextOf(saga: RunningSaga, call: Call, deadline: Deadline, tx: Tx | null): object {
    const { id, type, version, key, fence } = saga.held;
    const { name } = call.step;
    const own = stepProgress(saga.progress, name).output;
    const { signal } = deadline;
    const remainingMs = (): number => deadline.remainingMs();
    const idempotencyKey = `${id}/${name}/${call.phase}`;
    return {
      saga: { id, type, version, key },
      step: name,
      input: saga.input,
      results: resultsOf(saga),
      attempt: call.attempt,
      signal,
      remainingMs,
      idempotencyKey,
      get outgoingHeaders() {
        return outgoingHeaders(idempotencyKey, remainingMs());
      },
      fence,
      worker: this.deps.workerName,
      ...(tx === null ? {} : { tx }),
      ...(call.phase === 'try' || call.phase === 'action' ? {} : { output: own }),
    };
  }
}

/** The deadline has passed before the call was made. */
function expired({ runnable, progress }: RunningSaga, call: Call): CallResult {
  return { kind: 'decided', decision: expire(runnable.definition, progress, call) };
}

function outOfTime({ step, phase }: Call, deadlineInMs: number): TenonError {
  return deadlineInMs < step.timeoutMs
    ? new TenonError(
        'TENON_DEADLINE_EXCEEDED',
        `${phase} of ${step.name} had not ended when the deadline passed`,
      )
    : new TenonError(
        'TENON_STEP_TIMEOUT',
        `${phase} of ${step.name} did not end within ${step.timeoutMs} ms`,
      );
}

function resultsOf(saga: RunningSaga): Readonly<Record<string, Json>> {
  const results: Record<string, Json> = {};
  for (const { name } of saga.runnable.definition.steps) {
    const { forward, output } = stepProgress(saga.progress, name);
    if (forward === 'succeeded' && output !== undefined) results[name] = output;
  }
  return results;
}

/** The result as it is stored, so that a later step reads the same before and after a crash. */
function checkedResult(call: Call, answer: unknown): Json {
  if (answer === undefined || answer === null) return null;
  return JSON.parse(toJsonText(`The result of ${call.phase} of ${call.step.name}`, answer)) as Json;
}

/** Settles with `work`, or rejects as soon as `signal` aborts: a handler that never answers must not hold its slot. */
function endingWith<R>(signal: AbortSignal, work: Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
