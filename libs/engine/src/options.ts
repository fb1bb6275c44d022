import {
  noFaults,
  UsageError,
  type Dispatcher,
  type FaultPoints,
  type SagaReport,
  type Store,
} from '@tenon/core';
import { systemClock, type Clock } from './clock/clock';
import { consoleLogger, type EngineLogger } from './logger';
import type { EngineObserver } from './observer';

/** `relay`: takes markers in and dispatches. `worker`: runs sagas. Repair runs in every process with the relay role. */
export type Role = 'relay' | 'worker';

/** Options of the engine. Only the first two are needed. */
export interface EngineOptions {
  /** The database: `postgresStore({ dataSource })` or `mysqlStore({ dataSource })`. */
  readonly store: Store;
  /** The queue: `bullmqDispatcher(…)`. */
  readonly dispatcher: Dispatcher;
  /** What this process does. Default both. An empty list only appends and wakes: a producer. */
  readonly roles?: readonly Role[];
  /** The name of this process in sessions and histories. Default `host:pid:random`. At most 190 characters. */
  readonly workerName?: string;
  /** Run the migrations at start, under a lock. Default true. */
  readonly migrate?: boolean;
  /** How long this process may be silent before others take over what it holds, in milliseconds. Default 10,000, at least 500. */
  readonly sessionMs?: number;
  /** The backstop poll of the relay, in milliseconds; work is normally announced after its commit. Default 1,000. */
  readonly pollMsMax?: number;
  /** False: announce nothing and hear nothing; all work is found by the poll. Default true. */
  readonly hints?: boolean;
  /** Transactional handler calls at a time: each needs a connection of the application's pool. Default 16. */
  readonly transactionalCallMax?: number;
  /** External handler calls at a time. Default 256. */
  readonly externalCallMax?: number;
  /** Sagas held at a time, running or about to. Default 1,000. */
  readonly heldSagaMax?: number;
  /** Sagas per queue job. Default 200. */
  readonly chunkSizeMax?: number;
  /** Up to this many sagas found at once are run here instead of going through the queue. Default 20. */
  readonly inlineMax?: number;
  /** A queued saga that nobody adopts is dispatched again after this many milliseconds. Default 30,000. */
  readonly requeueMs?: number;
  /** Sessions that may lapse while they hold one and the same saga before it is paused. Default 20. */
  readonly crashMax?: number;
  /** A marker that no living process can run becomes `dead` after this many milliseconds. Default 10,000. */
  readonly unservedGraceMs?: number;
  /** Fence rows of ended sagas are kept for this long, in milliseconds. Default 7 days. */
  readonly fenceRetentionMs?: number;
  /**
   * Operations that ended `completed` or `compensated` are deleted after this long, in milliseconds, with their histories and
   * their idempotency keys: behind it the same key makes a new operation. Null keeps all for ever. Dead markers, killed and
   * paused sagas are never deleted. Default 30 days, at least one minute.
   */
  readonly retentionMs?: number | null;
  /**
   * Called with each batch before it is deleted; when it rejects, nothing of the batch is. Called again for what a crash left
   * behind it, or what another process archives at the same time: write each operation under its id. Default: none.
   */
  readonly archive?: ((operations: readonly SagaReport[]) => Promise<void>) | null;
  /** Worker sessions are kept for this long after their end, in milliseconds. Default 7 days, at least one. */
  readonly sessionRetentionMs?: number;
  /** The rows of repair's runs are kept for this long, in milliseconds. Default 7 days. */
  readonly repairRunRetentionMs?: number;
  /** At shutdown, running handlers get this long to end, in milliseconds. Default 10,000. */
  readonly shutdownGraceMs?: number;
  /** How long the start waits for a database that does not answer, in milliseconds. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Where the engine says what a person should know. Under Nest: Nest's logger. */
  readonly logger?: EngineLogger;
  /** Is told what this process does, for metrics. Default nobody. */
  readonly observer?: EngineObserver;
  /** Fault points, for tests. Default none. */
  readonly faults?: FaultPoints;
  /** Default the system's. */
  readonly clock?: Clock;
}

const DAY_MS = 86_400_000;

export type ResolvedOptions = Required<EngineOptions>;

/** Fills in the defaults. @throws UsageError that lists every fault at once */
export function resolveOptions(options: EngineOptions, workerNameDefault: string): ResolvedOptions {
  const resolved: ResolvedOptions = {
    store: options.store,
    dispatcher: options.dispatcher,
    roles: options.roles ?? ['relay', 'worker'],
    workerName: options.workerName ?? workerNameDefault,
    migrate: options.migrate ?? true,
    sessionMs: options.sessionMs ?? 10_000,
    pollMsMax: options.pollMsMax ?? 1_000,
    hints: options.hints ?? true,
    transactionalCallMax: options.transactionalCallMax ?? 16,
    externalCallMax: options.externalCallMax ?? 256,
    heldSagaMax: options.heldSagaMax ?? 1_000,
    chunkSizeMax: options.chunkSizeMax ?? 200,
    inlineMax: options.inlineMax ?? 20,
    requeueMs: options.requeueMs ?? 30_000,
    crashMax: options.crashMax ?? 20,
    unservedGraceMs: options.unservedGraceMs ?? 10_000,
    fenceRetentionMs: options.fenceRetentionMs ?? 7 * DAY_MS,
    sessionRetentionMs: options.sessionRetentionMs ?? 7 * DAY_MS,
    repairRunRetentionMs: options.repairRunRetentionMs ?? 7 * DAY_MS,
    retentionMs: options.retentionMs === undefined ? 30 * DAY_MS : options.retentionMs,
    archive: options.archive ?? null,
    shutdownGraceMs: options.shutdownGraceMs ?? 10_000,
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    logger: options.logger ?? consoleLogger,
    observer: options.observer ?? {},
    faults: options.faults ?? noFaults,
    clock: options.clock ?? systemClock,
  };
  const faults = optionFaults(resolved);
  if (faults.length > 0) {
    throw new UsageError(
      'TENON_USAGE',
      `Tenon's options cannot be used:\n- ${faults.join('\n- ')}`,
    );
  }
  return resolved;
}

/** The smallest legal value of every option that is a number. */
const MINIMUM = {
  sessionMs: 500,
  pollMsMax: 10,
  transactionalCallMax: 1,
  externalCallMax: 1,
  heldSagaMax: 1,
  chunkSizeMax: 1,
  inlineMax: 0,
  requeueMs: 100,
  crashMax: 1,
  unservedGraceMs: 0,
  fenceRetentionMs: 60_000,
  retentionMs: 60_000,
  // The types that the sessions of the last day knew are not unknown.
  sessionRetentionMs: DAY_MS,
  repairRunRetentionMs: 60_000,
  shutdownGraceMs: 0,
  startTimeoutMs: 0,
} as const satisfies Partial<Record<keyof EngineOptions, number>>;

function optionFaults(options: ResolvedOptions): readonly string[] {
  const names = Object.keys(MINIMUM) as (keyof typeof MINIMUM)[];
  const faults = names
    .filter((name) => {
      const value = options[name];
      return value !== null && !(Number.isFinite(value) && value >= MINIMUM[name]);
    })
    .map(
      (name) =>
        `${name} must be a number of at least ${MINIMUM[name]}, not ${String(options[name])}`,
    );
  if (options.workerName.length === 0 || options.workerName.length > 190)
    faults.push('workerName must have 1 to 190 characters');
  return faults;
}
