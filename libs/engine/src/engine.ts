import {
  TenonError,
  type DispatchHandlers,
  type HandlerClass,
  type StoreCounters,
} from '@tenon/core';
import { TenonClient } from './client';
import { errorLine } from './logger';
import { resolveOptions, type EngineOptions, type ResolvedOptions } from './options';
import { Operator } from './operator/operator';
import { Outage } from './outage';
import { Recorder } from './recorder';
import { SagaRegistry } from './registry';
import { Relay } from './relay';
import { oldOperationsRule } from './repair/old-operations';
import { Repair } from './repair/repair';
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
  readonly repair: Repair | null;
  /** A loop of its own: an archive that takes its time holds up no repair. */
  readonly retention: Repair | null;
}

/** Tenon in one process: puts the parts together, starts them in order, and stops them in the reverse one. */
export class Engine {
  readonly registry = new SagaRegistry();
  readonly client: TenonClient;
  readonly operator: Operator;
  private readonly options: ResolvedOptions;
  private readonly outage: Outage;
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
    this.client = new TenonClient({ store, dispatcher, faults, hints, nudge });
    this.operator = new Operator({
      ...{ store, dispatcher, clock, registry: this.registry },
      nudge: () => {
        nudge(0);
        dispatcher.wake();
      },
    });
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
    if (roles.length > 0) this.running = await this.startRoles();
    await this.openDispatcher(this.running);
    this.running?.relay?.start();
    if (this.running?.repair) this.startRepair(this.running, this.running.repair);
    const { retentionMs } = this.options;
    if (retentionMs !== null)
      this.running?.retention?.start([oldOperationsRule({ ...this.options, retentionMs })]);
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
    throw new TenonError(
      'TENON_STORE_UNAVAILABLE',
      this.stopping.signal.aborted
        ? 'The engine was stopped before the database answered.'
        : `The database did not answer within ${startTimeoutMs} ms. Check that it runs and that its URL is right.`,
    );
  }

  private async openDispatcher(running: Running | null): Promise<void> {
    const { dispatcher, hints, store } = this.options;
    try {
      await dispatcher.open(running === null ? null : handlersOf(running, hints));
    } catch (error) {
      // A queue that is merely away does not reject. With this one nothing was begun yet.
      await running?.sessions.stop();
      await store.close();
      throw error;
    }
  }

  private async startRoles(): Promise<Running> {
    const { options, outage, registry } = this;
    const { store, clock, logger, faults, roles } = options;
    const types = registry.newest();
    const isStopping = (): boolean => this.stopping.signal.aborted;
    const sessions = new SessionKeeper({
      ...options,
      outage,
      versions: registry.versions(),
    });
    const recorder = new Recorder({ store, clock, outage, logger, faults });
    const onRoom = (): void => this.running?.relay?.roomAgain();
    const worker = roles.includes('worker')
      ? new Worker({ ...options, sessions, outage, types, isStopping, onRoom })
      : null;
    worker?.useRunner(
      new SagaRunner({
        ...options,
        registry,
        recorder,
        outage,
        isStopping,
        caller: new StepCaller(options),
        onKeyFree: (saga, session) => worker.releaseKey(saga, session),
        onWait: (delayMs) => this.running?.relay?.nudgeIn(delayMs),
      }),
    );
    const relay = roles.includes('relay')
      ? new Relay({ ...options, sessions, worker, outage, types })
      : null;
    const repair = relay === null ? null : new Repair({ store, clock, logger, faults });
    const retention = relay === null ? null : new Repair({ store, clock, logger, faults });
    await sessions.start();
    return { sessions, recorder, worker, relay, repair, retention };
  }

  private startRepair({ sessions, worker, relay }: Running, repair: Repair): void {
    repair.start(
      repairRules({
        ...this.options,
        currentSession: () => sessions.current(),
        isRunningHere: (id) => worker?.has(id) ?? false,
        runHere: (held, session) => worker?.run(held, session),
        nudge: () => relay?.nudge(),
      }),
    );
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
    const retained = running?.retention?.stop();
    await withPatience(running?.repair?.stop());
    await withPatience(retained);
    await withPatience(running?.relay?.stop());
    const drained = running?.worker?.drain();
    await withPatience(this.closeDispatcher());
    await withPatience(drained);
    await withPatience(running?.recorder.drain());
    await running?.sessions.stop();
    await store.close();
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
