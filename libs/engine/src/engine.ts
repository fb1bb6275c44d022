import {
  TenonError,
  type DispatchHandlers,
  type HandlerClass,
  type StoreCounters,
  type StoreErrorKind,
} from '@tenon/core';
import { TenonClient } from './client';
import { errorLine } from './logger';
import { guardedObserver } from './observer';
import { resolveOptions, type EngineOptions, type ResolvedOptions } from './options';
import { Operator, type Actor } from './operator/operator';
import { Outage } from './outage';
import { Recorder } from './recorder';
import { SagaRegistry } from './registry';
import { Relay } from './relay';
import { OLD_OPERATIONS, oldOperationsRule } from './repair/old-operations';
import { Repair, type RepairRun } from './repair/repair';
import { repairRules } from './repair/rules';
import { SagaRunner } from './saga-runner';
import { SessionKeeper } from './session';
import { StepCaller } from './step-caller';
import { Worker } from './worker';

/** What this process has done since it started. */
export interface EngineCounters extends StoreCounters {
  /** Jobs that were sent to the queue. */
  readonly queueJobs: number;
}

/** What runs in a process that has a role. */
interface Running {
  readonly sessions: SessionKeeper;
  readonly recorder: Recorder;
  readonly worker: Worker | null;
  readonly relay: Relay | null;
}

/** How long closing the session and the store may take in all, in milliseconds. */
const LAST_MS_MAX = 2_000;

/** Tenon in one process: puts the parts together, starts them in order, and stops them in the reverse one. */
export class Engine {
  readonly registry = new SagaRegistry();
  readonly client: TenonClient;
  readonly operator: Operator;
  private readonly options: ResolvedOptions;
  private readonly outage: Outage;
  private readonly repair: Repair;
  /** A loop of its own: an archive that takes its time holds up no repair. Null: everything is kept. */
  private readonly retention: Repair | null;
  private running: Running | null = null;
  private readonly stopping = new AbortController();
  private starting: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | null = null;

  /** @throws UsageError that lists every option that cannot be used */
  constructor(options: EngineOptions, workerNameDefault: string) {
    this.options = resolveOptions(options, workerNameDefault);
    const { store, dispatcher, faults, hints, clock, logger } = this.options;
    this.outage = new Outage({ clock, logger, classify: (error) => store.classify(error) });
    const nudge = (delayMs: number): void => this.running?.relay?.nudgeIn(delayMs);
    this.client = new TenonClient({ store, dispatcher, faults, hints, clock, nudge });
    this.operator = new Operator({
      ...{ store, dispatcher, clock, registry: this.registry },
      nudge: () => {
        nudge(0);
        dispatcher.wake();
      },
    });
    this.repair = new Repair(
      this.options,
      repairRules({
        ...this.options,
        currentSession: () => this.running?.sessions.current() ?? null,
        isRunningHere: (id) => this.running?.worker?.has(id) ?? false,
        runHere: (held, session) => this.running?.worker?.run(held, session),
        nudge: () => nudge(0),
      }),
    );
    const { retentionMs } = this.options;
    this.retention =
      retentionMs === null
        ? null
        : new Repair(this.options, [oldOperationsRule({ ...this.options, retentionMs })]);
  }

  /**
   * Migrates, opens the store and the queue, and begins to work. Waits for a database that does not answer yet.
   *
   * @throws UsageError `TENON_UNKNOWN_HANDLER` when a step has no handler, or the dispatcher's own when its queue can never
   * serve, SchemaError when the schema does not fit,
   * TenonError `TENON_STORE_UNAVAILABLE` when the database did not answer in time
   */
  start(findHandler: (handler: HandlerClass) => object | undefined): Promise<void> {
    this.starting = this.startOnce(findHandler);
    return this.starting;
  }

  private async startOnce(
    findHandler: (handler: HandlerClass) => object | undefined,
  ): Promise<void> {
    const { roles } = this.options;
    if (roles.length > 0) this.registry.resolveHandlers(findHandler);
    await this.openStore();
    this.running = roles.length > 0 ? this.makeRoles() : null;
    const { running } = this;
    if (running !== null) await this.unlessStopped('database', running.sessions.start());
    await this.openDispatcher(running);
    running?.relay?.start();
    if (running?.relay) {
      this.repair.start();
      this.retention?.start();
    }
  }

  /** A stop does not wait for what the start waits for, and what comes of that later changes nothing any more. */
  private unlessStopped(what: 'database' | 'queue', work: Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    return new Promise((resolve, reject) => {
      const onStop = (): void => reject(stoppedBefore(what));
      if (signal.aborted) onStop();
      else signal.addEventListener('abort', onStop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onStop));
    });
  }

  /** Ends in good order: claims nothing more, lets running handlers end within the grace time, frees what is left. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  counters(): EngineCounters {
    const { store, dispatcher } = this.options;
    return { ...store.counters(), queueJobs: dispatcher.sentJobs() };
  }

  /** How an error that came out of the store is to be met. */
  classify(error: unknown): StoreErrorKind {
    return this.options.store.classify(error);
  }

  /**
   * REPAIR, asked for by a person: every rule once, now, or the one that is named. Works in every process, whatever its
   * roles, and is written to the audit log, which also holds what came of it.
   *
   * @throws NotFoundError when there is no such rule
   */
  async repairNow(
    order: { readonly rule?: string; readonly reason?: string },
    actor: Actor,
  ): Promise<readonly RepairRun[]> {
    // Old operations may take long to archive, so they are deleted on demand only where that is asked for by name.
    const isRetention = order.rule === OLD_OPERATIONS && this.retention !== null;
    const runs = await (isRetention ? this.retention : this.repair).runNow(order.rule);
    await this.operator.store.writeAudit({
      ...{ actor: actor.name, role: actor.role, verb: 'repair', target: order.rule ?? 'all' },
      reason: order.reason ?? null,
      detail: runs.map(({ rule, found, repaired, error }) => ({ rule, found, repaired, error })),
    });
    return runs;
  }

  private async openStore(): Promise<void> {
    const { store, clock, startTimeoutMs, migrate } = this.options;
    const patience = new AbortController();
    const cancel = clock.after(startTimeoutMs, () => patience.abort());
    this.stopping.signal.addEventListener('abort', () => patience.abort(), { once: true });
    let attempt = Promise.resolve();
    const opened = await this.outage
      .outlast('start', patience.signal, () => {
        attempt = (migrate ? store.migrate() : Promise.resolve()).then(() => store.open());
        return attempt.then(() => true);
      })
      .finally(cancel);
    if (opened !== null) return;
    // The attempt that was given up may yet come through: nobody would close what it opens.
    attempt.then(() => store.close()).catch(() => undefined);
    if (this.stopping.signal.aborted) throw stoppedBefore('database');
    throw new TenonError(
      'TENON_STORE_UNAVAILABLE',
      `The database did not answer within ${startTimeoutMs} ms. Check that it runs and that its URL is right.`,
    );
  }

  private async openDispatcher(running: Running | null): Promise<void> {
    const { dispatcher, hints, store } = this.options;
    try {
      const opening = dispatcher.open(running === null ? null : handlersOf(running, hints));
      await this.unlessStopped('queue', opening);
    } catch (error) {
      if (this.stopping.signal.aborted) throw error;
      // A queue that is merely away does not reject. With this one nothing was begun yet.
      await running?.sessions.stop();
      await store.close();
      throw error;
    }
  }

  private makeRoles(): Running {
    const { options, outage, registry } = this;
    const { store, clock, logger, faults, roles } = options;
    const types = registry.newest();
    const isStopping = (): boolean => this.stopping.signal.aborted;
    const observer = guardedObserver(options.observer, logger);
    const sessions = new SessionKeeper({
      ...options,
      observer,
      outage,
      versions: registry.versions(),
    });
    const recorder = new Recorder({ store, clock, outage, logger, faults });
    const onRoom = (): void => this.running?.relay?.roomAgain();
    const worker = roles.includes('worker')
      ? new Worker({
          ...{ ...options, registry, sessions, outage, types, isStopping, onRoom },
          onHandBack: (delayMs) => this.wakeOthersIn(delayMs),
        })
      : null;
    worker?.useRunner(
      new SagaRunner({
        ...options,
        observer,
        recorder,
        outage,
        isStopping,
        caller: new StepCaller({ ...options, observer, typeCount: types.length }),
        onKeyFree: (saga, session) => worker.releaseKey(saga, session),
        onWait: (delayMs) => this.running?.relay?.nudgeIn(delayMs),
      }),
    );
    const relay = roles.includes('relay')
      ? new Relay({ ...options, sessions, worker, outage, types })
      : null;
    return { sessions, recorder, worker, relay };
  }

  /** What this process has handed back is for another one to find. */
  private wakeOthersIn(delayMs: number): void {
    const { dispatcher, clock, hints } = this.options;
    if (hints) clock.after(delayMs + 1, () => dispatcher.wake());
  }

  private async stopOnce(): Promise<void> {
    const { store, clock, shutdownGraceMs } = this.options;
    this.stopping.abort();
    // A start that fails has told its caller.
    await this.starting.catch(() => undefined);
    const { running } = this;
    const patience = new Promise<void>((resolve) => clock.after(shutdownGraceMs, resolve));
    const withPatience = (work: Promise<void> | undefined): Promise<void> =>
      Promise.race([work ?? Promise.resolve(), patience]);
    const retained = this.retention?.stop();
    await withPatience(this.repair.stop());
    await withPatience(retained);
    await withPatience(running?.relay?.stop());
    const drained = running?.worker?.drain();
    await withPatience(this.closeDispatcher());
    await withPatience(drained);
    await withPatience(running?.recorder.drain());
    // What is left to say to the database may take a little longer than the grace, and not as long as it likes.
    const atLast = new Promise<void>((resolve) => clock.after(LAST_MS_MAX, resolve));
    await Promise.race([running?.sessions.stop(), atLast]);
    await Promise.race([store.close(), atLast]);
  }

  private async closeDispatcher(): Promise<void> {
    const { dispatcher, logger } = this.options;
    try {
      await dispatcher.close();
    } catch (error) {
      logger.warn(
        `The queue was not left in good order (${errorLine(error)}). Nothing is lost by that.`,
      );
    }
  }
}

function stoppedBefore(what: 'database' | 'queue'): TenonError {
  return new TenonError(
    what === 'database' ? 'TENON_STORE_UNAVAILABLE' : 'TENON_QUEUE_UNAVAILABLE',
    `The engine was stopped before the ${what} answered.`,
  );
}

/** A process takes off the queue only what its roles can serve: what it took and left would be lost to the others. */
function handlersOf({ worker, relay }: Running, hints: boolean): DispatchHandlers {
  return {
    onChunk: worker === null ? null : (tickets) => worker.adopt(tickets),
    onTick: relay === null ? null : async () => relay.nudge(),
    onWake: () => {
      if (hints) relay?.nudge();
    },
  };
}
