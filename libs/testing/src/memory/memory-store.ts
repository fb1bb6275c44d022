import {
  UsageError,
  type AppendedMarker,
  type BlockedKey,
  type FencedCall,
  type HeldSaga,
  type NewMarker,
  type RecordAnswer,
  type SagaRecord,
  type SagaReport,
  type StepCommit,
  type Store,
  type StoreCounters,
  type StoreErrorKind,
  type TakeRequest,
  type Taken,
  type Ticket,
  type Transition,
} from '@tenon/core';
import { MemoryDatabase } from './memory-database';
import { MemoryConflictError, MemoryDataError } from './memory-errors';
import type { RepairRow, SagaRow } from './memory-rows';
import type { MemoryTx } from './memory-tx';
import { record } from './record';
import { blockedKeys, findSaga } from './reports';
import { inStepTransaction } from './step-transaction';
import { freeParkedHeads, releaseKeys, takeDue, takeIn } from './take-in';
import { VirtualClock } from './virtual-clock';

/**
 * A store in the memory of one process, for tests of applications: it passes the suite that the SQL stores pass, and its
 * time is a {@link VirtualClock}. Nothing survives the process.
 *
 * @example
 * const store = new MemoryStore();
 * await store.transaction(async (tx) => {
 *   await tx.set('account', '576', { balance: '100.00' });
 *   await store.appendMarkers(tx, [newMarker({ type: 'transfer', payload: {} })]);
 * });
 * store.clock.advance(60_000);
 */
export class MemoryStore implements Store<MemoryTx, MemoryTx> {
  private readonly database: MemoryDatabase;

  constructor(readonly clock = new VirtualClock()) {
    this.database = new MemoryDatabase(clock);
  }

  /** Begins a transaction; whoever does so commits it or rolls it back. */
  begin(): MemoryTx {
    return this.database.begin();
  }

  /** Runs `work` in a transaction that commits when it returns and is rolled back when it throws. */
  async transaction<Result>(work: (tx: MemoryTx) => Promise<Result>): Promise<Result> {
    const tx = this.begin();
    try {
      const result = await work(tx);
      await tx.commit();
      return result;
    } finally {
      await tx.rollback();
    }
  }

  async open(): Promise<void> {
    // There is nothing to connect to.
  }

  async migrate(): Promise<void> {
    // The schema is the code.
  }

  async close(): Promise<void> {
    // What was stored stays readable for the rest of the test.
  }

  classify(error: unknown): StoreErrorKind {
    if (error instanceof MemoryConflictError) return 'conflict';
    return error instanceof MemoryDataError ? 'data' : 'other';
  }

  counters(): StoreCounters {
    const { bookkeepingCommits, handlerCommits } = this.database;
    return { bookkeepingCommits, handlerCommits };
  }

  async appendMarkers(
    tx: MemoryTx,
    markers: readonly NewMarker[],
  ): Promise<readonly AppendedMarker[]> {
    tx.expectOpen();
    const appended: AppendedMarker[] = [];
    for (const marker of markers) appended.push(await this.appendOne(tx, marker));
    return appended;
  }

  afterCommit(tx: MemoryTx, callback: () => void): void {
    tx.afterCommit(callback);
  }

  async openSession(session: {
    readonly sessionMs: number;
    readonly types: readonly string[];
  }): Promise<string> {
    const id = this.database.nextId();
    const expiresAt = this.database.nowMs + session.sessionMs;
    this.database.sessions.set(id, { id, types: session.types, expiresAt, isEnded: false });
    return id;
  }

  async renewSession(sessionId: string, sessionMs: number): Promise<boolean> {
    const session = this.database.sessions.get(sessionId);
    if (session === undefined || !this.database.isLiving(sessionId)) return false;
    session.expiresAt = this.database.nowMs + sessionMs;
    return true;
  }

  async closeSession(sessionId: string): Promise<void> {
    this.endSession(sessionId, 0);
  }

  async takeIn(request: TakeRequest): Promise<Taken> {
    return takeIn(this.database, request);
  }

  async takeDue(request: TakeRequest): Promise<Taken> {
    return takeDue(this.database, request);
  }

  async nextDueMs(types: TakeRequest['types'], msMax: number): Promise<number> {
    const isServed = (row: { readonly type: string }): boolean =>
      types.some(({ type }) => type === row.type);
    const markers = [...this.database.markers.values()].filter(
      ({ status }) => status === 'pending',
    );
    const sagas = [...this.database.sagas.values()].filter(({ sessionId }) => sessionId === null);
    const waits = [...markers, ...sagas]
      .filter(isServed)
      .map(({ dueAt }) => (dueAt ?? Infinity) - this.database.nowMs);
    return Math.max(0, Math.min(msMax, ...waits));
  }

  async requeueQueued(): Promise<number> {
    const queued = [...this.database.sagas.values()].filter(({ isQueued }) => isQueued);
    for (const saga of queued) {
      saga.isQueued = false;
      saga.dueAt = this.database.nowMs;
    }
    return queued.length;
  }

  async adopt(tickets: readonly Ticket[], sessionId: string): Promise<readonly HeldSaga[]> {
    if (!this.database.isLiving(sessionId)) return [];
    const held = tickets.flatMap(({ id, fence }) => {
      const saga = this.database.sagas.get(id);
      const isFree = saga?.fence === fence && saga.sessionId === null && saga.dueAt !== null;
      return isFree ? this.database.giveTo(saga, sessionId) : [];
    });
    if (held.length > 0) this.database.bookkeepingCommits += 1;
    return held;
  }

  async load(ids: readonly string[], sessionId: string): Promise<readonly HeldSaga[]> {
    return this.heldBy(sessionId)
      .filter(({ id }) => ids.includes(id))
      .map((saga) => this.database.heldSaga(saga));
  }

  async heldIds(sessionId: string): Promise<readonly string[]> {
    return this.heldBy(sessionId).map(({ id }) => id);
  }

  async letGo(ids: readonly string[], sessionId: string, delayMs: number): Promise<void> {
    for (const saga of this.heldBy(sessionId))
      if (ids.includes(saga.id)) this.database.letGo(saga, delayMs);
  }

  async record(records: readonly SagaRecord[], sessionId: string): Promise<RecordAnswer> {
    return record(this.database, records, sessionId);
  }

  async releaseKeys(
    endedIds: readonly string[],
    sessionId: string | null,
    types: TakeRequest['types'],
  ): Promise<readonly HeldSaga[]> {
    return releaseKeys(this.database, endedIds, sessionId, types);
  }

  inStepTransaction(
    call: FencedCall,
    signal: AbortSignal,
    work: (tx: MemoryTx, isEmpty: boolean) => Promise<readonly Transition[] | null>,
  ): Promise<StepCommit> {
    return inStepTransaction(this.database, call, signal, work);
  }

  async endLapsedSessions(): Promise<number> {
    const lapsed = [...this.database.sessions.values()].filter(
      ({ id, isEnded }) => !isEnded && !this.database.isLiving(id),
    );
    for (const { id } of lapsed) this.endSession(id, 1);
    return lapsed.length;
  }

  async buryUnserved(graceMs: number): Promise<number> {
    const living = [...this.database.sessions.values()].filter(({ id }) =>
      this.database.isLiving(id),
    );
    const served = new Set(living.flatMap(({ types }) => types));
    const unserved = [...this.database.markers.values()].filter(
      ({ status, type, dueAt }) =>
        status === 'pending' && !served.has(type) && dueAt < this.database.nowMs - graceMs,
    );
    for (const marker of unserved) {
      marker.status = 'dead';
      marker.reason = `TENON_UNKNOWN_OPERATION: no living worker runs "${marker.type}"`;
      marker.finishedAt = this.database.nowMs;
    }
    return unserved.length;
  }

  async freeParkedHeads(graceMs: number): Promise<number> {
    return freeParkedHeads(this.database, graceMs);
  }

  async tidyFences(retentionMs: number, limit: number): Promise<number> {
    const old = [...this.database.fences].filter(([, { sagaId }]) => {
      const endedAt = this.database.sagas.get(sagaId)?.finishedAt ?? null;
      return endedAt !== null && endedAt < this.database.nowMs - retentionMs;
    });
    for (const [name] of old.slice(0, limit)) this.database.fences.delete(name);
    return Math.min(old.length, limit);
  }

  async recordRepair(run: RepairRow): Promise<void> {
    this.database.repairRuns.push(run);
  }

  async findSaga(id: string): Promise<SagaReport | null> {
    return findSaga(this.database, id);
  }

  async blockedKeys(limit: number): Promise<readonly BlockedKey[]> {
    return blockedKeys(this.database, limit);
  }

  private async appendOne(tx: MemoryTx, draft: NewMarker): Promise<AppendedMarker> {
    const earlier =
      draft.idempotencyKey === null
        ? undefined
        : await this.earlier(tx, draft.type, draft.idempotencyKey);
    if (earlier !== undefined) return { id: earlier, isDuplicate: true };
    const { nowMs } = this.database;
    const id = this.database.nextId();
    const dueAt = draft.dueAt?.getTime() ?? nowMs + draft.delayMs;
    tx.addMarker({
      ...draft,
      id,
      createdAt: nowMs,
      status: 'pending',
      dueAt,
      finishedAt: null,
      reason: null,
    });
    return { id, isDuplicate: false };
  }

  /** The id of the marker that has this key, once the fate of every other that wants it is known. */
  private async earlier(
    tx: MemoryTx,
    type: string,
    idempotencyKey: string,
  ): Promise<string | undefined> {
    await tx.lock(JSON.stringify(['idempotency', type, idempotencyKey]));
    const committed = [...this.database.markers.values()].find(
      (each) => each.type === type && each.idempotencyKey === idempotencyKey,
    );
    return (committed ?? tx.findOwnMarker(type, idempotencyKey))?.id;
  }

  private heldBy(sessionId: string): readonly SagaRow[] {
    return [...this.database.sagas.values()].filter((saga) => saga.sessionId === sessionId);
  }

  private endSession(sessionId: string, crashes: number): void {
    const session = this.database.sessions.get(sessionId);
    if (session === undefined)
      throw new UsageError('TENON_USAGE', `There is no session ${sessionId}.`);
    session.isEnded = true;
    for (const saga of this.heldBy(sessionId)) {
      this.database.letGo(saga, 0);
      saga.crashes += crashes;
    }
  }
}
