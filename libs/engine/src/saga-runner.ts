import {
  InvariantError,
  NOT_BEGUN,
  crashesInVain,
  inputFault,
  isFinalState,
  killSaga,
  nextMove,
  pauseSaga,
  replay,
  type Decision,
  type FaultPoints,
  type HeldSaga,
  type Progress,
  type SagaExit,
  type SagaRecord,
  type Store,
} from '@tenon/core';
import type { Clock } from './clock/clock';
import { ASIDE_MS } from './hand-back';
import { errorLine, type EngineLogger } from './logger';
import type { EngineObserver } from './observer';
import type { Outage } from './outage';
import type { Recorder } from './recorder';
import type { RunnableSaga } from './registry';
import type { Session } from './session';
import type { StepCaller } from './step-caller';

interface Dependencies {
  readonly store: Store;
  readonly recorder: Recorder;
  readonly caller: StepCaller;
  readonly outage: Outage;
  readonly logger: EngineLogger;
  readonly faults: FaultPoints;
  readonly observer: Required<EngineObserver>;
  readonly clock: Clock;
  readonly crashMax: number;
  /** True at shutdown: no handler is called any more. */
  readonly isStopping: () => boolean;
  /** A saga has ended, or let its key go: the next one of its key may run. */
  readonly onKeyFree: (saga: HeldSaga, session: Session) => void;
  /** A saga waits in the database and is due after this many milliseconds. */
  readonly onWait: (delayMs: number) => void;
}

/**
 * - `left`: nothing more to do here
 * - `look`: the database may know more than this process
 * - otherwise the database refuses what a handler said. Its effect may stand, so it is not called again: a person must look
 */
type Pursuit = 'left' | 'look' | { readonly refusedBecause: string };

/** Looks at the database that bring nothing new before a saga is put aside. */
const LOOK_MAX = 3;
/** The pause before the second look that follows one without news, in milliseconds; then twice, then thrice that. */
const LOOK_PAUSE_MS = 25;

/** Runs one saga from where it is until it ends, waits, pauses or is someone else's. */
export class SagaRunner {
  constructor(private readonly deps: Dependencies) {}

  /**
   * Never rejects: whatever goes wrong, the saga is in the database and is found again. `receivedMs`: when the database's
   * answer came in, from which its deadline is counted.
   */
  async run(
    held: HeldSaga,
    runnable: RunnableSaga,
    session: Session,
    receivedMs: number,
  ): Promise<void> {
    try {
      let knownSinceMs = receivedMs;
      let looksWithoutNews = 0;
      let refusedBecause: string | null = null;
      let current: HeldSaga | null = held;
      while (current !== null) {
        const result: Pursuit = await this.pursue(
          current,
          runnable,
          session,
          knownSinceMs,
          refusedBecause,
        );
        if (result === 'left') return;
        refusedBecause = result === 'look' ? null : result.refusedBecause;
        const known: number = current.history.length;
        current = await this.look(current.id, session);
        knownSinceMs = this.deps.clock.now();
        // It may have ended in a commit whose answer was lost. Where it did not, its key is not free, and stays with it.
        if (current === null && held.key !== null) this.deps.onKeyFree(held, session);
        looksWithoutNews =
          current !== null && current.history.length > known ? 0 : looksWithoutNews + 1;
        if (current !== null && looksWithoutNews > LOOK_MAX) {
          await this.putAside(
            current,
            session,
            'it does not get on; an earlier holder may still stand in a transaction',
          );
          return;
        }
        // Whatever was in the way may need a moment to go away.
        if (looksWithoutNews > 0)
          await this.deps.clock.sleep(LOOK_PAUSE_MS * looksWithoutNews, session.signal);
      }
    } catch (error) {
      this.deps.logger.error(
        `Saga ${held.id} (${held.type}) could not be run: ${errorLine(error)}`,
      );
      await this.putAside(held, session, 'of this error').catch(() => undefined);
    }
  }

  private async pursue(
    held: HeldSaga,
    runnable: RunnableSaga,
    session: Session,
    knownSinceMs: number,
    refusedBecause: string | null,
  ): Promise<Pursuit> {
    const start =
      refusedBecause === null
        ? this.begin(held, runnable)
        : refused(held, runnable, refusedBecause);
    if ('decision' in start) return this.record(held, session, runnable, start.decision);
    const expiresAtMs = held.deadlineInMs === null ? null : knownSinceMs + held.deadlineInMs;
    let progress = start.progress;
    for (;;) {
      if (session.signal.aborted || this.deps.isStopping()) return 'left';
      const move = nextMove(runnable.definition, progress);
      if (move.kind !== 'call') return this.settle(held, session, runnable, progress);
      const called = await this.deps.caller.call(
        { held, runnable, input: start.input, progress, session, expiresAtMs },
        move,
      );
      if (called.kind === 'look') return 'look';
      const { decision } = called;
      if (called.kind === 'recorded') this.follow(held, session, runnable, decision);
      else {
        const result = await this.record(held, session, runnable, decision);
        if (result !== 'left') return result;
      }
      if (decides(progress, decision.progress)) await this.deps.faults.hit('tcc.decided');
      if (decision.then.kind !== 'go on') return 'left';
      progress = decision.progress;
    }
  }

  /** Where the saga stands, or the decision that it cannot be run. */
  private begin(
    held: HeldSaga,
    runnable: RunnableSaga,
  ): { readonly progress: Progress; readonly input: unknown } | { readonly decision: Decision } {
    const { definition } = runnable;
    let progress: Progress;
    try {
      progress = replay(definition, held.history);
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      this.deps.logger.error(`Saga ${held.id} (${held.type}) is paused: ${error.message}`);
      return { decision: pauseSaga(definition, endOf(held), error.code, error.message) };
    }
    if (nextMove(definition, progress).kind !== 'call') return { progress, input: null };
    const crashes = crashesInVain(held);
    if (crashes >= this.deps.crashMax) {
      const reason = `its worker died or lost its session ${crashes} times in a row while it held this saga`;
      return { decision: pauseSaga(definition, progress, 'TENON_CRASH_LOOP', reason) };
    }
    try {
      return { progress, input: definition.input.parse(held.payload) };
    } catch (error) {
      const decide = progress.seq === 0 ? killSaga : pauseSaga;
      return { decision: decide(definition, progress, 'TENON_INVALID_INPUT', inputFault(error)) };
    }
  }

  /** Its history has no next call though its row says that it lives: a hand in the database. The row follows the history. */
  private settle(
    held: HeldSaga,
    session: Session,
    runnable: RunnableSaga,
    progress: Progress,
  ): Promise<Pursuit> {
    const reason = held.history.at(-1)?.reason ?? null;
    const then =
      progress.state === 'paused'
        ? ({ kind: 'paused', reason: reason ?? 'paused' } as const)
        : ({ kind: 'ended', reason } as const);
    return this.record(held, session, runnable, { transitions: [], progress, then });
  }

  /** The history is committed already, and with the last of it the saga's own row and its marker. */
  private follow(
    held: HeldSaga,
    session: Session,
    runnable: RunnableSaga,
    decision: Decision,
  ): void {
    const { recorder, onKeyFree } = this.deps;
    this.tell(held, decision);
    const record = recordOf(held, runnable, { ...decision, transitions: [] });
    if (record.exit.kind === 'stays') {
      recorder.recordLater(record, session);
      return;
    }
    recorder.forget(held.id);
    if (held.key !== null) onKeyFree(held, session);
  }

  private async record(
    held: HeldSaga,
    session: Session,
    runnable: RunnableSaga,
    decision: Decision,
  ): Promise<Pursuit> {
    const { recorder, onKeyFree, onWait } = this.deps;
    const record = recordOf(held, runnable, decision);
    const result = await recorder.record(record, session);
    if (result === 'stale') return 'look';
    if (result !== 'recorded') return result;
    this.tell(held, decision);
    const { exit } = record;
    const isKeyFree = exit.kind === 'ends' || (exit.kind === 'pauses' && exit.freesKey);
    if (held.key !== null && isKeyFree) onKeyFree(held, session);
    if (exit.kind === 'waits') onWait(exit.delayMs);
    return 'left';
  }

  /** It is committed, and may be told. */
  private tell(held: HeldSaga, { transitions, progress, then }: Decision): void {
    const { observer, logger } = this.deps;
    if (transitions.length > 0) observer.transitionsRecorded(held, transitions);
    if (then.kind === 'paused') {
      observer.sagaPaused(held);
      // Not the reason itself: a handler's message may hold what no log should.
      logger.warn(
        `Saga ${held.id} (${held.type}) is paused: saga.reason tells why. A person must look.`,
      );
    }
    if (then.kind === 'ended' && isFinalState(progress.state))
      observer.sagaEnded(held, progress.state);
  }

  private async look(id: string, session: Session): Promise<HeldSaga | null> {
    const { store, outage } = this.deps;
    const held = await outage.outlast('load a saga', session.signal, () =>
      store.load([id], session.id),
    );
    return held?.[0] ?? null;
  }

  private async putAside(held: HeldSaga, session: Session, why: string): Promise<void> {
    const { store, outage, logger, onWait } = this.deps;
    logger.warn(`Saga ${held.id} (${held.type}) is put aside for ${ASIDE_MS} ms: ${why}.`);
    await outage.outlast('let a saga go', session.signal, () =>
      store.letGo([held.id], session.id, ASIDE_MS),
    );
    onWait(ASIDE_MS);
  }
}

/** The move on which a TCC turns: from now on every branch is confirmed, or every branch is cancelled. */
function decides(before: Progress, after: Progress): boolean {
  const hadDecided = before.isDecided || before.direction === 'backward';
  return !hadDecided && (after.isDecided || after.state === 'cancelling');
}

function recordOf(held: HeldSaga, { definition }: RunnableSaga, decision: Decision): SagaRecord {
  const { transitions, progress } = decision;
  return {
    id: held.id,
    fence: held.fence,
    transitions,
    state: progress.state,
    seq: progress.seq,
    exit: exitOf(decision, definition.onPause),
  };
}

function exitOf(decision: Decision, onPause: 'block' | 'skip'): SagaExit {
  const { then, progress } = decision;
  switch (then.kind) {
    case 'go on':
      return { kind: 'stays' };
    case 'wait':
      return { kind: 'waits', delayMs: then.delayMs };
    case 'ended':
      return {
        kind: 'ends',
        marker: progress.state === 'killed' ? 'dead' : 'done',
        reason: then.reason,
      };
    case 'paused':
      return { kind: 'pauses', reason: then.reason, freesKey: onPause === 'skip' };
  }
}

function refused(
  held: HeldSaga,
  { definition }: RunnableSaga,
  why: string,
): { readonly decision: Decision } {
  return {
    decision: pauseSaga(
      definition,
      endOf(held),
      'TENON_INVARIANT',
      `its record was refused: ${why}`,
    ),
  };
}

function endOf(held: HeldSaga): Progress {
  const last = held.history.at(-1);
  return last === undefined ? NOT_BEGUN : { ...NOT_BEGUN, state: last.to, seq: last.seq };
}
