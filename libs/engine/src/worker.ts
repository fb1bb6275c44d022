import type { FaultPoints, HeldSaga, Store, TakeRequest, Ticket } from '@tenon/core';
import type { Clock } from './clock/clock';
import { errorLine, type EngineLogger } from './logger';
import type { Outage } from './outage';
import type { SagaRunner } from './saga-runner';
import type { Session, SessionKeeper } from './session';

interface Dependencies {
  readonly store: Store;
  readonly sessions: SessionKeeper;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly logger: EngineLogger;
  readonly faults: FaultPoints;
  readonly heldSagaMax: number;
  readonly types: TakeRequest['types'];
  readonly isStopping: () => boolean;
  /** There is room for more: a chunk left the queue, or half of what was held has ended. */
  readonly onRoom: () => void;
}

/** A saga that this process runs. */
interface Run {
  readonly fence: number;
  readonly ended: Promise<void>;
}

/** The sagas that this process holds. Adopts them up to a limit, runs each, and goes on with the next of a key that it freed. */
export class Worker {
  private readonly runs = new Map<string, Run>();
  private readonly freed = new Map<Session, string[]>();
  private releasing: Promise<void> | null = null;
  private roomWaiters: (() => void)[] = [];
  private runner: SagaRunner | null = null;

  constructor(private readonly deps: Dependencies) {}

  /** The runner needs the worker (for keys that it frees) and the worker the runner: this ties the knot, once, at boot. */
  useRunner(runner: SagaRunner): void {
    this.runner = runner;
  }

  /** How many more sagas this process may hold. */
  room(): number {
    return this.deps.isStopping() ? 0 : Math.max(0, this.deps.heldSagaMax - this.runs.size);
  }

  has(sagaId: string): boolean {
    return this.runs.has(sagaId);
  }

  /**
   * ADOPT: waits for room, makes this process the holder of what is still free, and runs it. Resolves when it is held. At
   * shutdown a chunk is adopted all the same and not run: closing the session makes it due again for others at once.
   */
  async adopt(tickets: readonly Ticket[]): Promise<void> {
    while (this.room() === 0 && !this.deps.isStopping()) {
      await new Promise<void>((resolve) => this.roomWaiters.push(resolve));
    }
    const { store, sessions, outage, faults } = this.deps;
    let held: readonly HeldSaga[] | null = null;
    while (held === null) {
      const session = await sessions.living();
      if (session === null) return;
      // Null when the session lapsed meanwhile: whoever holds the chunk adopts it with the next one.
      held = await outage.outlast('adopt', session.signal, () => store.adopt(tickets, session.id));
      await faults.hit('adopt.after');
      if (held !== null) this.run(held, session);
    }
    this.deps.onRoom();
  }

  /**
   * RUN: begins to run sagas that `session` holds. One that is let go may be claimed again before its run here has quite
   * ended: it is told from a saga that is running already by its fence, and runs behind that run's end.
   */
  run(held: readonly HeldSaga[], session: Session): void {
    for (const saga of held) {
      const earlier = this.runs.get(saga.id);
      if (earlier !== undefined && earlier.fence >= saga.fence) continue;
      const run: Run = {
        fence: saga.fence,
        ended: this.runBehind(earlier, saga, session).finally(() => this.ended(saga.id, run)),
      };
      this.runs.set(saga.id, run);
    }
  }

  private async runBehind(
    earlier: Run | undefined,
    saga: HeldSaga,
    session: Session,
  ): Promise<void> {
    const receivedMs = this.deps.clock.now();
    await earlier?.ended;
    await this.runner?.run(saga, session, receivedMs);
  }

  private ended(sagaId: string, run: Run): void {
    if (this.runs.get(sagaId) === run) this.runs.delete(sagaId);
    this.roomWaiters.splice(0).forEach((resolve) => resolve());
    if (this.runs.size === Math.floor(this.deps.heldSagaMax / 2)) this.deps.onRoom();
  }

  /** RELEASE: the key of an ended saga is free. The keys that were freed meanwhile are released together. */
  releaseKey(saga: HeldSaga, session: Session): void {
    const ids = this.freed.get(session);
    if (ids === undefined) this.freed.set(session, [saga.id]);
    else ids.push(saga.id);
    this.releasing ??= this.releaseFreed();
  }

  /** Nobody waits for room any more; resolves when nothing runs. */
  async drain(): Promise<void> {
    this.roomWaiters.splice(0).forEach((resolve) => resolve());
    while (this.runs.size > 0 || this.releasing !== null) {
      const runs = [...this.runs.values()].map(({ ended }) => ended);
      await Promise.all([...runs, this.releasing]);
    }
  }

  private async releaseFreed(): Promise<void> {
    await Promise.resolve();
    for (
      let next = this.freed.entries().next();
      next.done !== true;
      next = this.freed.entries().next()
    ) {
      const [session, ids] = next.value;
      this.freed.delete(session);
      await this.release(ids, session);
    }
    this.releasing = null;
  }

  private async release(ids: readonly string[], session: Session): Promise<void> {
    const { store, outage, faults, logger, types, isStopping } = this.deps;
    try {
      await faults.hit('release.before');
      const holder = isStopping() || session.signal.aborted ? null : session.id;
      const held = await outage.outlast('release keys', session.signal, () =>
        store.releaseKeys(ids, holder, types),
      );
      await faults.hit('release.after');
      if (held !== null) this.run(held, session);
    } catch (error) {
      logger.error(
        `The keys of ${ids.length} sagas were not released (${errorLine(error)}). Repair will free them.`,
      );
    }
  }
}
