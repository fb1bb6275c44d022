import type { FaultPoints, HeldSaga, Store, TakeRequest, Ticket } from '@tenon/core';
import type { Clock } from './clock/clock';
import { handBackMs } from './hand-back';
import { HeldSagas, type Run } from './held-sagas';
import { errorLine, type EngineLogger } from './logger';
import type { Outage } from './outage';
import type { RunnableSaga, SagaRegistry } from './registry';
import type { SagaRunner } from './saga-runner';
import type { Session, SessionKeeper } from './session';

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly sessions: SessionKeeper;
  readonly outage: Outage;
  readonly logger: EngineLogger;
  readonly faults: FaultPoints;
  readonly heldSagaMax: number;
  readonly registry: SagaRegistry;
  readonly types: TakeRequest['types'];
  readonly isStopping: () => boolean;
  /** There is room for more: a chunk left the queue, or half of what was held has ended. */
  readonly onRoom: () => void;
  /** Sagas were handed back and are due after this many milliseconds: another process may take them. */
  readonly onHandBack: (delayMs: number) => void;
}

/** So long a chunk waits for room for its sagas while chunks of other types wait behind it, in milliseconds. */
const ROOM_PATIENCE_MS = 250;

/** The sagas that this process holds. Adopts them up to a limit, runs each, and goes on with the next of a key that it freed. */
export class Worker {
  private readonly held: HeldSagas;
  private readonly freed = new Map<Session, string[]>();
  private releasing: Promise<void> | null = null;
  private roomWaiters: (() => void)[] = [];
  private runner: SagaRunner | null = null;
  /** Types and versions that came here and are not known here, once each. */
  private readonly unknown = new Set<string>();

  constructor(private readonly deps: Dependencies) {
    this.held = new HeldSagas(deps.heldSagaMax, deps.types.length);
  }

  /** The runner needs the worker (for keys that it frees) and the worker the runner: this ties the knot, once, at boot. */
  useRunner(runner: SagaRunner): void {
    this.runner = runner;
  }

  /** How many more sagas of a type this process may hold. */
  roomFor(type: string): number {
    return this.deps.isStopping() ? 0 : this.held.roomFor(type);
  }

  /** False: it holds so many sagas of this type that others should not be made to wait for more of it. */
  hasRoomFor(type: string): boolean {
    return this.held.hasRoomFor(type);
  }

  has(sagaId: string): boolean {
    return this.held.get(sagaId) !== undefined;
  }

  /**
   * ADOPT: makes this process the holder of what is still free, and runs it. Resolves when it is held. What there is no room
   * for is waited for as long as all sagas are of one type, and handed back where others would have to wait as well. Rejects
   * at shutdown, so that the queue offers the chunk to another process at once.
   */
  async adopt(tickets: readonly Ticket[]): Promise<void> {
    const [type] = this.deps.types;
    if (this.deps.types.length === 1 && type !== undefined) await this.roomComes(type.type);
    const { store, sessions, outage, faults, isStopping } = this.deps;
    let held: readonly HeldSaga[] | null = null;
    while (held === null) {
      if (isStopping()) throw new Error('this process is being stopped');
      const session = await sessions.living();
      if (session === null) return;
      // Null when the session lapsed meanwhile: whoever holds the chunk adopts it with the next one.
      held = await outage.outlast('adopt', session.signal, () => store.adopt(tickets, session.id));
      await faults.hit('adopt.after');
      if (held !== null) await this.takeOn(held, session);
    }
    this.deps.onRoom();
  }

  /** Runs what there is, or comes to be, room for, and hands the rest back. */
  private async takeOn(held: readonly HeldSaga[], session: Session): Promise<void> {
    const patience = new AbortController();
    const giveUp = (): void => {
      patience.abort();
      this.wakeRoomWaiters();
    };
    const cancel = this.deps.clock.after(ROOM_PATIENCE_MS, giveUp);
    await Promise.all(
      [...groupsOf(held, (saga) => saga.type)].map(async ([type, sagas]) => {
        await this.roomComes(type, patience.signal);
        const isFull = this.roomFor(type) === 0 && !this.deps.isStopping();
        if (isFull) await this.handBack(sagas, session);
        else this.run(sagas, session);
      }),
    );
    cancel();
  }

  private async roomComes(type: string, patience?: AbortSignal): Promise<void> {
    const { isStopping } = this.deps;
    while (this.roomFor(type) === 0 && !isStopping() && patience?.aborted !== true) {
      await new Promise<void>((resolve) => this.roomWaiters.push(resolve));
    }
  }

  private wakeRoomWaiters(): void {
    this.roomWaiters.splice(0).forEach((resolve) => resolve());
  }

  private async handBackForeign(sagas: readonly HeldSaga[], session: Session): Promise<void> {
    const { logger } = this.deps;
    for (const { type, version } of sagas) {
      const name = `${type} version ${version}`;
      if (this.unknown.has(name)) continue;
      this.unknown.add(name);
      logger.warn(
        `Sagas of type ${name} have come here, and this process does not know them. They are handed back for others to take.`,
      );
    }
    try {
      await this.handBack(sagas, session);
    } catch (error) {
      logger.error(`${sagas.length} sagas could not be handed back: ${errorLine(error)}`);
    }
  }

  /** Lets go of sagas that this process cannot run, for others to take. */
  private async handBack(sagas: readonly HeldSaga[], session: Session): Promise<void> {
    const { store, outage, onHandBack } = this.deps;
    for (const [delayMs, group] of groupsOf(sagas, handBackMs)) {
      const ids = group.map(({ id }) => id);
      await outage.outlast('hand sagas back', session.signal, () =>
        store.letGo(ids, session.id, delayMs),
      );
      onHandBack(delayMs);
    }
  }

  /**
   * RUN: begins to run sagas that `session` holds. One that is let go may be claimed again before its run here has quite
   * ended: it is told from a saga that is running already by its fence, and runs behind that run's end. What this process
   * does not know is handed back: in a deployment that is mixed another one does.
   */
  run(held: readonly HeldSaga[], session: Session): void {
    const foreign: HeldSaga[] = [];
    for (const saga of held) {
      const runnable = this.deps.registry.find(saga.type, saga.version);
      if (runnable === undefined) {
        foreign.push(saga);
        continue;
      }
      const earlier = this.held.get(saga.id);
      if (earlier !== undefined && earlier.fence >= saga.fence) continue;
      const run: Run = {
        type: saga.type,
        fence: saga.fence,
        ended: this.runBehind(earlier, saga, runnable, session).finally(() =>
          this.ended(saga.id, run),
        ),
      };
      this.held.set(saga, run);
    }
    if (foreign.length > 0) void this.handBackForeign(foreign, session);
  }

  private async runBehind(
    earlier: Run | undefined,
    saga: HeldSaga,
    runnable: RunnableSaga,
    session: Session,
  ): Promise<void> {
    const receivedMs = this.deps.clock.now();
    await earlier?.ended;
    await this.runner?.run(saga, runnable, session, receivedMs);
  }

  private ended(sagaId: string, run: Run): void {
    if (this.held.get(sagaId) === run) this.held.delete(sagaId);
    this.wakeRoomWaiters();
    if (this.held.isTimeToLook(run.type)) this.deps.onRoom();
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
    this.wakeRoomWaiters();
    while (this.held.size > 0 || this.releasing !== null) {
      const runs = this.held.all().map(({ ended }) => ended);
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

function groupsOf<Key>(
  sagas: readonly HeldSaga[],
  keyOf: (saga: HeldSaga) => Key,
): ReadonlyMap<Key, readonly HeldSaga[]> {
  const groups = new Map<Key, HeldSaga[]>();
  for (const saga of sagas) {
    const group = groups.get(keyOf(saga));
    if (group === undefined) groups.set(keyOf(saga), [saga]);
    else group.push(saga);
  }
  return groups;
}
