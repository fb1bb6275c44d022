import type { Store } from '@tenon/core';

/** A transaction that the suite began as a caller would: it commits or rolls back, exactly once. */
export interface CallerTransaction<T> {
  readonly tx: T;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Runs `work` in a transaction nested in this one (a savepoint). When it throws, only that part is undone. */
  nested(work: (tx: T) => Promise<void>): Promise<void>;
}

/** What {@link describeStore} needs of a store: the store itself, and the few things that only its user can do. */
export interface StoreUnderTest<T> {
  /** Opened, its schema migrated, all its tables empty. */
  readonly store: Store<T, T>;
  /** A handle like the caller's `tx`, but with no transaction open. */
  readonly outside: T;
  /** Begins a transaction as the caller of `append` would. At least four may be open at once. */
  begin(): Promise<CallerTransaction<T>>;
  /** Writes a business row named `name` in the transaction. Names may repeat, so that a double effect shows. */
  writeEffect(tx: T, name: string): Promise<void>;
  /** The names of all committed business rows, in the order in which they were written. */
  effects(): Promise<readonly string[]>;
  /**
   * Lets `ms` pass on the database's clock. A SQL store moves its instants back instead: `op_log.due_at`, `created_at`,
   * `finished_at` and `deadline_at`; `saga.due_at`, `created_at` and `finished_at`; `saga_fence.at`;
   * `worker_session.renewed_at`, `expires_at` and `ended_at`; `repair_run.at`.
   */
  passTime(ms: number): Promise<void>;
  /** Closes the store and whatever `open` made for it. */
  close(): Promise<void>;
}

/** Makes what the suite works on. Called before every test; it may empty and use one database again and again. */
export type OpenStore<T> = () => Promise<StoreUnderTest<T>>;
