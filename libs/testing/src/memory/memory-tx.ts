import { UsageError } from '@tenon/core';
import type { FenceRow, MarkerRow } from './memory-rows';

/** A row of a user's table: plain data, copied on its way in and out. */
export type MemoryRow = Readonly<Record<string, unknown>>;

/** What a transaction has written and nobody else sees yet. */
export interface Draft {
  readonly markers: readonly MarkerRow[];
  readonly fences: ReadonlyMap<string, FenceRow>;
  /** JSON text by row name, null for a deleted row. */
  readonly rows: ReadonlyMap<string, string | null>;
}

/** The part of the database that a transaction needs. */
export interface MemoryTables {
  /** Waits for the lock on a row until the transaction has it. */
  lock(tx: MemoryTx, row: string): Promise<void>;
  committedRow(row: string): string | undefined;
  committedRows(): Iterable<readonly [string, string]>;
  commit(tx: MemoryTx, draft: Draft): void;
  end(tx: MemoryTx): void;
}

const EMPTY: Draft = { markers: [], fences: new Map(), rows: new Map() };

/**
 * A transaction of a {@link MemoryStore}, with a small table API for a test's business rows. Isolation is READ COMMITTED:
 * it reads its own rows and committed ones, and a written row is locked until it ends.
 */
export class MemoryTx {
  readonly ended: Promise<void>;
  private draft = EMPTY;
  private state: 'open' | 'committed' | 'rolledBack' = 'open';
  private readonly callbacks: (() => void)[] = [];
  private tellEnd = (): void => undefined;

  constructor(private readonly tables: MemoryTables) {
    this.ended = new Promise((resolve) => (this.tellEnd = resolve));
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** A row by its key, or null. */
  async get(table: string, key: string): Promise<MemoryRow | null> {
    this.expectOpen();
    const name = rowName(table, key);
    const text = this.draft.rows.has(name)
      ? this.draft.rows.get(name)
      : this.tables.committedRow(name);
    return text === undefined || text === null ? null : (JSON.parse(text) as MemoryRow);
  }

  /** All rows of a table, by key. */
  async rows(table: string): Promise<ReadonlyMap<string, MemoryRow>> {
    this.expectOpen();
    const found = new Map<string, MemoryRow>();
    for (const [name, text] of [...this.tables.committedRows(), ...this.draft.rows]) {
      const [owner, key] = JSON.parse(name) as [string, string];
      if (owner !== table) continue;
      if (text === null) found.delete(key);
      else found.set(key, JSON.parse(text) as MemoryRow);
    }
    return found;
  }

  /** Writes a row, whether or not it was there. */
  async set(table: string, key: string, row: MemoryRow): Promise<void> {
    await this.update(table, key, () => row);
  }

  async delete(table: string, key: string): Promise<void> {
    await this.update(table, key, () => null);
  }

  /** Reads and writes a row under its lock: two transactions that do so come one after the other. Null deletes it. */
  async update(
    table: string,
    key: string,
    change: (row: MemoryRow | null) => MemoryRow | null,
  ): Promise<void> {
    await this.lock(rowName(table, key));
    const after = change(await this.get(table, key));
    const rows = new Map(this.draft.rows).set(
      rowName(table, key),
      after === null ? null : JSON.stringify(after),
    );
    this.draft = { ...this.draft, rows };
  }

  /** Runs `work` in a transaction nested in this one: when it throws, what it wrote is undone, and only that. */
  async nested<Result>(work: (tx: MemoryTx) => Promise<Result>): Promise<Result> {
    const [savepoint, callbacks] = [this.draft, this.callbacks.length];
    try {
      return await work(this);
    } catch (error) {
      this.draft = savepoint;
      this.callbacks.splice(callbacks);
      throw error;
    }
  }

  async commit(): Promise<void> {
    this.expectOpen();
    this.tables.commit(this, this.draft);
    this.finish('committed');
    for (const callback of this.callbacks) callback();
  }

  async rollback(): Promise<void> {
    if (this.isOpen) this.finish('rolledBack');
  }

  /** Waits for the lock on a row; a transaction that has ended meanwhile gets none. */
  async lock(row: string): Promise<void> {
    this.expectOpen();
    await this.tables.lock(this, row);
    if (!this.isOpen) this.tables.end(this);
    this.expectOpen();
  }

  addMarker(marker: MarkerRow): void {
    this.draft = { ...this.draft, markers: [...this.draft.markers, marker] };
  }

  findOwnMarker(type: string, idempotencyKey: string): MarkerRow | undefined {
    return this.draft.markers.find(
      (each) => each.type === type && each.idempotencyKey === idempotencyKey,
    );
  }

  addFence(name: string, fence: FenceRow): void {
    this.draft = { ...this.draft, fences: new Map(this.draft.fences).set(name, fence) };
  }

  afterCommit(callback: () => void): void {
    this.expectOpen();
    this.callbacks.push(callback);
  }

  expectOpen(): void {
    if (this.isOpen) return;
    throw new UsageError(
      'TENON_NOT_IN_TRANSACTION',
      `This transaction has ended (${this.state}). Do all work on it before it commits, and await that work.`,
    );
  }

  private finish(state: 'committed' | 'rolledBack'): void {
    this.state = state;
    this.tables.end(this);
    this.tellEnd();
  }
}

function rowName(table: string, key: string): string {
  return JSON.stringify([table, key]);
}
