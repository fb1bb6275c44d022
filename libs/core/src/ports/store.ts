import type { AppendedMarker, NewMarker, Payload } from '../marker/marker';
import type { OperatorStore } from './operator-store';
import type { Phase, SagaState } from '../saga/states';
import type { RecordedTransition, Transition } from '../saga/transition';
import type { CallerTx, Tx } from './tx';

/** A saga that a session holds, with everything needed to go on with it. */
export interface HeldSaga {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly key: string | null;
  readonly payload: Payload;
  /** Every write on this saga carries it; a lower one than the saga's changes no row. */
  readonly fence: number;
  /** How often a session lapsed while it held this saga, since its row was last recorded: see {@link crashesInVain}. */
  readonly crashes: number;
  /** Milliseconds until its deadline, by the database's clock at the moment of the answer; null when it has none. */
  readonly deadlineInMs: number | null;
  /** W3C trace context of the append, or null. */
  readonly traceContext: string | null;
  readonly history: readonly RecordedTransition[];
}

/** A saga that is handed over through the queue: whoever adopts it must show the fence it had then. */
export interface Ticket {
  readonly id: string;
  readonly fence: number;
}

/** What a relay asks for. */
export interface TakeRequest {
  /** At most this many markers (or sagas). */
  readonly limit: number;
  /** When not more than this many were found they are held by `sessionId` at once and answered in `held`; else `queued`. */
  readonly inlineMax: number;
  readonly sessionId: string;
  /** The operation types this process can run, with the version that new sagas get. Markers of other types are left alone. */
  readonly types: readonly { readonly type: string; readonly version: number }[];
  /** A queued saga that nobody adopts is handed over again after this many milliseconds. */
  readonly requeueMs: number;
}

export interface Taken {
  readonly held: readonly HeldSaga[];
  readonly queued: readonly Ticket[];
  /** Markers that were parked behind an earlier one of their key. */
  readonly parked: number;
}

/** One saga's part of a group commit. */
export interface SagaRecord {
  readonly id: string;
  readonly fence: number;
  /** Rows that are not in the history yet. Empty when they were committed with the handler's transaction. */
  readonly transitions: readonly Transition[];
  /** The saga's state and last number after them. */
  readonly state: SagaState;
  readonly seq: number;
  readonly exit: SagaExit;
}

/**
 * What becomes of the saga behind the record:
 * - `stays`: its session goes on with it
 * - `waits`: it is let go and is due again after `delayMs`, by the database's clock
 * - `ends`: its marker becomes `marker` and its key may be released
 * - `pauses`: it is let go until a person resumes it; `freesKey` lets the next of its key run
 */
export type SagaExit =
  | { readonly kind: 'stays' }
  | { readonly kind: 'waits'; readonly delayMs: number }
  | { readonly kind: 'ends'; readonly marker: 'done' | 'dead'; readonly reason: string | null }
  | { readonly kind: 'pauses'; readonly reason: string; readonly freesKey: boolean };

/**
 * What came of a group commit. An id in neither part is stale: it is not held by the session under that fence any more,
 * or has a longer history than the caller knew. Load it and look.
 */
export interface RecordAnswer {
  readonly recorded: ReadonlySet<string>;
  /** Records that the database refuses as data, with its message: they will never be written as they are. */
  readonly refused: ReadonlyMap<string, string>;
}

/** A process that is about to hold sagas, and what it can do: others count on it. */
export interface NewSession {
  readonly worker: string;
  readonly sessionMs: number;
  readonly roles: readonly ('relay' | 'worker')[];
  /** Every saga type that it knows, with the versions that it can run. */
  readonly versions: Readonly<Record<string, readonly number[]>>;
}

/** A handler call that is to happen in one local transaction with its fence row and its record. */
export interface FencedCall {
  readonly sagaId: string;
  readonly fence: number;
  readonly sessionId: string;
  readonly step: string;
  readonly phase: Phase;
  /**
   * How long the handler may take, in milliseconds. When its transaction has been idle for a while longer the server ends
   * it: its process is frozen or cut off, and can neither end it itself nor be asked to.
   */
  readonly timeoutMs: number;
  /**
   * No statement of the handler may take longer than this, in milliseconds: the server itself sees to it, also when this
   * process cannot. PostgreSQL bounds every statement, the MySQL family waits for locks, in whole seconds. Default: no bound.
   */
  readonly statementMsMax?: number | null;
}

/**
 * - `committed`: the rows and the handler's effects are in
 * - `rolledBack`: the work asked for it; nothing is left
 * - `overtaken`: someone has dealt with this phase before, or the session no longer holds the saga. Nothing was done:
 *   load the saga and look
 */
export type StepCommit = 'committed' | 'rolledBack' | 'overtaken';

/** How an error of the database is to be met. */
export type StoreErrorKind =
  /** A deadlock, a serialization failure, a lock wait that took too long: the same transaction may well succeed now. */
  | 'conflict'
  /** The connection or the server is gone: try again until it is back. */
  | 'unavailable'
  /** The data itself was refused (a value out of range, a broken constraint): trying again changes nothing. */
  | 'data'
  | 'other';

/** Counters that only grow, for benchmarks and metrics. */
export interface StoreCounters {
  /** Writing transactions that the engine committed for its own bookkeeping. */
  readonly bookkeepingCommits: number;
  /** Transactions of transactional handlers. */
  readonly handlerCommits: number;
}

/** A key whose head does not get on, with the operations that wait behind it. */
export interface BlockedKey {
  readonly key: string;
  readonly headId: string;
  readonly headType: string;
  readonly headState: SagaState | 'pending';
  readonly waiting: number;
}

/**
 * The database, as the engine needs it. Every method that takes no `tx` runs transactions of its own, and retries them
 * on conflicts, a bounded number of times; a method that takes one neither commits nor retries. Instants are the
 * database's: no method takes a `now`. Errors that are not met here are told apart by {@link classify}.
 */
export interface Store<T = Tx, C = CallerTx> {
  /** Connects the engine's own few connections. @throws SchemaError when the schema is missing, older or newer */
  open(): Promise<void>;
  /** Brings the schema up to this program's version, under a lock: any number of processes may call it at once. */
  migrate(): Promise<void>;
  close(): Promise<void>;
  classify(error: unknown): StoreErrorKind;
  counters(): StoreCounters;
  /** The same database, as operators need it. */
  readonly operator: OperatorStore;

  /**
   * Inserts markers in the caller's transaction, and answers in the same order.
   * @throws UsageError `TENON_NOT_IN_TRANSACTION` when `tx` has no open transaction
   */
  appendMarkers(tx: C, markers: readonly NewMarker[]): Promise<readonly AppendedMarker[]>;
  /** Calls `callback` once, after the outermost transaction of `tx` has committed; never when it rolls back. */
  afterCommit(tx: C, callback: () => void): void;

  /** Opens a session: the right to hold sagas for `sessionMs`, renewed from time to time. Answers its id. */
  openSession(session: NewSession): Promise<string>;
  /** False: the session has lapsed; whatever it held may be someone else's by now. */
  renewSession(sessionId: string, sessionMs: number): Promise<boolean>;
  /** Ends a session in good order: lets go of all it holds, which counts as no crash. */
  closeSession(sessionId: string): Promise<void>;

  /** TAKE IN: claims due pending markers and makes their sagas; parks those that are not the head of their key. */
  takeIn(request: TakeRequest): Promise<Taken>;
  /** Claims sagas that nobody holds and that are due: retries, lapsed ones, and queued ones that nobody adopted. */
  takeDue(request: TakeRequest): Promise<Taken>;
  /** Milliseconds until the next marker or saga of one of `types` is due, at most `msMax`; 0 when one is due already. */
  nextDueMs(types: TakeRequest['types'], msMax: number): Promise<number>;
  /** Makes every queued saga due at once: the queue has lost its jobs. Answers how many. */
  requeueQueued(): Promise<number>;

  /**
   * RUN: makes `sessionId` the holder of those tickets that nobody holds and whose fence still is the ticket's, and
   * answers them with a new fence. Two callers never get the same saga.
   */
  adopt(tickets: readonly Ticket[], sessionId: string): Promise<readonly HeldSaga[]>;
  /** Those of `ids` that `sessionId` still holds, with their history as it now stands. */
  load(ids: readonly string[], sessionId: string): Promise<readonly HeldSaga[]>;
  /** The ids of all that `sessionId` holds. */
  heldIds(sessionId: string): Promise<readonly string[]>;
  /** Lets sagas go as they are, due again after `delayMs`. Not a crash. */
  letGo(ids: readonly string[], sessionId: string, delayMs: number): Promise<void>;

  /**
   * GROUP COMMIT: records many sagas in one transaction, each saga at most once; their crashes are forgotten. What the database refuses is recorded
   * in smaller and smaller parts, so that one bad record keeps no other from being written.
   */
  record(records: readonly SagaRecord[], sessionId: string): Promise<RecordAnswer>;
  /**
   * Behind the commit of their ends: hands the next marker of each of these sagas' keys to `sessionId`, as a saga that it
   * holds; one whose type is not among `types`, or all of them when `sessionId` is null, become pending again.
   */
  releaseKeys(
    endedIds: readonly string[],
    sessionId: string | null,
    types: TakeRequest['types'],
  ): Promise<readonly HeldSaga[]>;

  /**
   * BEGIN; fence row; `work`; the rows it answers; COMMIT. When the last row's `to` is a final state, the saga's own row and
   * its marker end in the same transaction, with that row's reason: an end costs no commit of its own.
   * `work` answers null to roll back. `isEmpty` tells a cancel or
   * compensation that its try or action never happened (and now never can): there is nothing to undo.
   * When `signal` aborts first, the transaction is ended whatever `work` does, and the promise rejects with its reason.
   * An error of COMMIT is thrown, and leaves open whether it happened: load the saga and look.
   */
  inStepTransaction(
    call: FencedCall,
    signal: AbortSignal,
    work: (tx: T, isEmpty: boolean) => Promise<readonly Transition[] | null>,
  ): Promise<StepCommit>;

  /** REPAIR: ends sessions that were not renewed in time and lets go of what they held, one crash counted on each. */
  endLapsedSessions(): Promise<number>;
  /** Markers that have been pending for longer than `graceMs` with a type that no session of the last day could run become `dead`. */
  buryUnserved(graceMs: number): Promise<number>;
  /**
   * Parked markers that have stood at the head of their key for longer than `graceMs` become pending. One call may look at
   * a part of the keys that have parked markers, thousands of them, and the next call at those behind them; how many of
   * one key are parked makes no difference to what it costs.
   */
  freeParkedHeads(graceMs: number): Promise<number>;
  /** Deletes up to `limit` fence rows of sagas that ended more than `retentionMs` ago. */
  tidyFences(retentionMs: number, limit: number): Promise<number>;
  /**
   * Operations that ended `completed` or `compensated`, or were discarded, more than `retentionMs` ago: the oldest first, at
   * most `limit`, of those whose id is greater than `after`. Dead markers, killed and paused sagas are never among them.
   * Looks at a bounded number of rows.
   */
  findOld(retentionMs: number, after: string, limit: number): Promise<OldOperations>;
  /** What is known of those of `ids` that are there, as {@link findSaga} tells it. */
  findSagas(ids: readonly string[]): Promise<readonly SagaReport[]>;
  /**
   * Deletes those of `ids` that ended as {@link findOld} says, with their markers, histories and fence rows, in one short
   * transaction that waits for nobody: what is locked is left for later. Answers how many operations.
   */
  deleteOld(ids: readonly string[]): Promise<number>;
  /**
   * Deletes up to `limit` sessions that ended, and were last renewed, more than `retentionMs` ago, and hold no saga. The
   * sessions of the last day are needed by {@link Store.buryUnserved}.
   */
  tidySessions(retentionMs: number, limit: number): Promise<number>;
  /** Deletes up to `limit` rows of `repair_run` that are older than `retentionMs`. */
  tidyRepairRuns(retentionMs: number, limit: number): Promise<number>;
  /** Appends one row to `repair_run`. */
  recordRepair(run: {
    readonly rule: string;
    readonly found: number;
    readonly repaired: number;
    readonly durationMs: number;
    readonly error: string | null;
  }): Promise<void>;

  /** A saga's marker, state and history, or null. For people and reports: reads, holds nothing. */
  findSaga(id: string): Promise<SagaReport | null>;
  /** Keys whose head is paused or not yet due while others wait behind it. */
  blockedKeys(limit: number): Promise<readonly BlockedKey[]>;
}

/** A part of the operations that are old enough to be deleted. */
export interface OldOperations {
  readonly ids: readonly string[];
  /** Where to go on; null when nothing behind it is old enough. */
  readonly next: string | null;
}

/** What is known of one operation. */
export interface SagaReport {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly payload: Payload;
  readonly markerStatus: string;
  /** Null while the marker has not been taken in. */
  readonly state: SagaState | null;
  readonly version: number | null;
  readonly reason: string | null;
  readonly history: readonly RecordedTransition[];
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}
