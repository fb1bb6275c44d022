import type { Json } from '../json';
import type { Payload } from '../marker/marker';
import type { OperatedExit } from '../saga/operate';
import type { MarkerStatus, Phase, SagaState } from '../saga/states';
import type { RecordedTransition, Transition } from '../saga/transition';

/** At most this many rows per page of any list. */
export const PAGE_SIZE_MAX = 500;

/** A page of a list that is read by key: `after` is the last id of the page before. Newest first unless `oldestFirst`. */
export interface PageRequest {
  readonly after: string | null;
  readonly limit: number;
  readonly oldestFirst?: boolean;
}

/** Every field narrows the list; a missing one does not. */
export interface SagaFilter {
  readonly states?: readonly SagaState[];
  readonly types?: readonly string[];
  readonly key?: string;
  /** Appended at this instant or later. */
  readonly createdFrom?: Date;
  /** Appended before this instant. */
  readonly createdTo?: Date;
}

export interface MarkerFilter {
  readonly statuses?: readonly MarkerStatus[];
  readonly types?: readonly string[];
  readonly key?: string;
}

/** A line of the list of sagas. */
export interface SagaSummary {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly key: string | null;
  readonly state: SagaState;
  readonly reason: string | null;
  /** When its marker was appended. */
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** A line of the list of markers. */
export interface MarkerSummary {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly status: MarkerStatus;
  readonly priority: number;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly dueAt: Date;
  readonly finishedAt: Date | null;
}

/** Everything that the database knows of one operation. */
export interface OperationDetails {
  readonly id: string;
  readonly marker: MarkerSummary & {
    readonly payload: Payload;
    readonly idempotencyKey: string | null;
    readonly deadlineAt: Date | null;
    readonly traceContext: string | null;
    /** Milliseconds until it is due, by the database's clock; negative when it is overdue. */
    readonly dueInMs: number;
  };
  /** Null while the marker has not been taken in. */
  readonly saga:
    | (SagaSummary & {
        readonly fence: number;
        readonly crashes: number;
        readonly isQueued: boolean;
        /** Null when it is held, paused or ended. */
        readonly dueInMs: number | null;
      })
    | null;
  readonly history: readonly RecordedTransition[];
  readonly fences: readonly {
    readonly step: string;
    readonly phase: Phase;
    readonly fence: number;
    readonly at: Date;
  }[];
  readonly holder: SessionRow | null;
  /** The operation of the same key that goes first, if it is another one. */
  readonly behind: {
    readonly id: string;
    readonly type: string;
    readonly state: SagaState | 'pending';
  } | null;
  readonly pause: TypePause | null;
}

export interface SessionRow {
  readonly id: string;
  readonly worker: string;
  readonly roles: readonly string[];
  /** The versions that it can run, of each type. */
  readonly versions: Readonly<Record<string, readonly number[]>>;
  readonly startedAt: Date;
  readonly renewedAt: Date;
  readonly endedAt: Date | null;
  readonly hasLapsed: boolean;
  /** Milliseconds until it lapses unless it is renewed; negative when it has. */
  readonly expiresInMs: number;
}

export interface RepairRunRow {
  readonly id: string;
  readonly rule: string;
  readonly found: number;
  readonly repaired: number;
  readonly durationMs: number;
  readonly error: string | null;
  readonly at: Date;
}

export interface TypePause {
  readonly type: string;
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

/** Who did what, and why. `target` is a saga's id, a type, a rule or a key's name. */
export interface AuditEntry {
  readonly actor: string;
  readonly role: string;
  readonly verb: string;
  readonly target: string;
  readonly reason: string | null;
  /** What came of it, or what was given; never a payload. */
  readonly detail: Json;
}

export interface AuditRow extends AuditEntry {
  readonly id: string;
  readonly at: Date;
}

/** How much waits, of one type, and for how long. */
export interface TypeBacklog {
  readonly type: string;
  /** Due markers that nobody has taken in. */
  readonly pending: number;
  /** How long the first of them has been due, in milliseconds; 0 without one. */
  readonly oldestPendingMs: number;
  /** Live sagas by state. */
  readonly live: Readonly<Partial<Record<SagaState, number>>>;
  readonly dead: number;
}

export type OperatorRole = 'viewer' | 'operator' | 'admin';

export interface OperatorKey {
  readonly id: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/**
 * The database, as operators need it: lists, one operation in full, and verbs. Every verb is one transaction, which also
 * writes its audit row: neither stands without the other. Lists read by key and never more than {@link PAGE_SIZE_MAX}.
 */
export interface OperatorStore {
  listSagas(filter: SagaFilter, page: PageRequest): Promise<readonly SagaSummary[]>;
  listMarkers(filter: MarkerFilter, page: PageRequest): Promise<readonly MarkerSummary[]>;
  /** Living sessions, and those that ended within the last day. */
  listSessions(page: PageRequest): Promise<readonly SessionRow[]>;
  listRepairRuns(page: PageRequest): Promise<readonly RepairRunRow[]>;
  listAudit(page: PageRequest): Promise<readonly AuditRow[]>;
  /** One operation in full, or null. */
  findOperation(id: string): Promise<OperationDetails | null>;
  /** What waits, by type. Counts no further than 10,000 of each, so that it costs little however much there is. */
  backlog(): Promise<readonly TypeBacklog[]>;

  /**
   * Appends an operator's row to a saga's history, takes the saga away from whoever holds it (its fence grows), and makes
   * it due or ends it; behind an end the next of its key may run. False: its history is not `row.seq - 1` long any more, or
   * it has ended; look again.
   */
  operate(id: string, row: Transition, exit: OperatedExit, audit: AuditEntry): Promise<boolean>;
  /** A marker that has no saga yet and is not dead: `dead` with the reason. False: it is no such marker any more. */
  withdraw(id: string, reason: string, audit: AuditEntry): Promise<boolean>;
  /**
   * A dead marker becomes pending, due now. Where a saga was made of it, which then was killed before its first call, a
   * copy of the marker does, which takes its idempotency key over, and the dead one is done. Its deadline stays what it
   * was. Answers the id that is carried out; null: it is not dead.
   */
  redrive(id: string, audit: AuditEntry): Promise<string | null>;
  /** A dead marker becomes done, with the reason. False: it is not dead. */
  discard(id: string, reason: string, audit: AuditEntry): Promise<boolean>;

  /** False: it was paused already. Nothing of a paused type is taken in, adopted or claimed; what is being run goes on. */
  pauseType(pause: Omit<TypePause, 'at'>, audit: AuditEntry): Promise<boolean>;
  /** False: it was not paused. */
  resumeType(type: string, audit: AuditEntry): Promise<boolean>;
  pausedTypes(): Promise<readonly TypePause[]>;

  /** Appends to the audit log what an operator did that changed no row here. */
  writeAudit(audit: AuditEntry): Promise<void>;
  /** Keeps a key's hash. @throws UsageError when a living key has this name */
  createKey(
    key: { readonly name: string; readonly role: OperatorRole; readonly hash: string },
    audit: AuditEntry,
  ): Promise<string>;
  /** False: there is no living key of this name. */
  revokeKey(name: string, audit: AuditEntry): Promise<boolean>;
  /** The living key with this hash, or null. */
  findKey(hash: string): Promise<OperatorKey | null>;
  listKeys(): Promise<readonly OperatorKey[]>;
}
