import type {
  AppendedMarker,
  BlockedKey,
  FencedCall,
  HeldSaga,
  NewMarker,
  NewSession,
  OldOperations,
  OperatorStore,
  RecordAnswer,
  SagaRecord,
  SagaReport,
  StepCommit,
  Store,
  StoreCounters,
  StoreErrorKind,
  TakeRequest,
  Taken,
  Ticket,
  Transition,
} from '@tenon/core';
import { VirtualClock } from '../clock/virtual-clock';
import { appendMarkers } from './append';
import { MemoryDatabase } from './memory-database';
import { MemoryConflictError, MemoryDataError } from './memory-errors';
import type { RepairRow } from './memory-rows';
import type { MemoryTx } from './memory-tx';
import { MemoryOperatorStore } from './operator/operator-store';
import { record } from './record';
import { buryUnserved, requeueQueued, tidyFences, tidyRepairRuns, tidySessions } from './repair';
import { blockedKeys, findSaga } from './reports';
import { deleteOld, findOld } from './retention';
import {
  adopt,
  endLapsedSessions,
  endSession,
  heldBy,
  openSession,
  renewSession,
} from './sessions';
import { inStepTransaction } from './step-transaction';
import { freeParkedHeads, nextDueMs, releaseKeys, takeDue, takeIn } from './take-in';

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
 * await store.clock.advance(60_000);
 */
export class MemoryStore implements Store<MemoryTx, MemoryTx> {
  readonly operator: OperatorStore;
  private readonly database: MemoryDatabase;

  constructor(readonly clock = new VirtualClock()) {
    this.database = new MemoryDatabase(clock);
    this.operator = new MemoryOperatorStore(this.database);
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

  appendMarkers(tx: MemoryTx, markers: readonly NewMarker[]): Promise<readonly AppendedMarker[]> {
    return appendMarkers(this.database, tx, markers);
  }

  afterCommit(tx: MemoryTx, callback: () => void): void {
    tx.afterCommit(callback);
  }

  async openSession(session: NewSession): Promise<string> {
    return openSession(this.database, session);
  }

  async renewSession(sessionId: string, sessionMs: number): Promise<boolean> {
    return renewSession(this.database, sessionId, sessionMs);
  }

  async closeSession(sessionId: string): Promise<void> {
    endSession(this.database, sessionId, 0);
  }

  async takeIn(request: TakeRequest): Promise<Taken> {
    return takeIn(this.database, request);
  }

  async takeDue(request: TakeRequest): Promise<Taken> {
    return takeDue(this.database, request);
  }

  async nextDueMs(types: TakeRequest['types'], msMax: number): Promise<number> {
    return nextDueMs(this.database, types, msMax);
  }

  async requeueQueued(): Promise<number> {
    return requeueQueued(this.database);
  }

  async adopt(tickets: readonly Ticket[], sessionId: string): Promise<readonly HeldSaga[]> {
    return adopt(this.database, tickets, sessionId);
  }

  async load(ids: readonly string[], sessionId: string): Promise<readonly HeldSaga[]> {
    return heldBy(this.database, sessionId)
      .filter(({ id }) => ids.includes(id))
      .map((saga) => this.database.heldSaga(saga));
  }

  async heldIds(sessionId: string): Promise<readonly string[]> {
    return heldBy(this.database, sessionId).map(({ id }) => id);
  }

  async letGo(ids: readonly string[], sessionId: string, delayMs: number): Promise<void> {
    for (const saga of heldBy(this.database, sessionId)) {
      if (ids.includes(saga.id)) this.database.letGo(saga, delayMs);
    }
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
    return endLapsedSessions(this.database);
  }

  async buryUnserved(graceMs: number): Promise<number> {
    return buryUnserved(this.database, graceMs);
  }

  async freeParkedHeads(graceMs: number): Promise<number> {
    return freeParkedHeads(this.database, graceMs);
  }

  async tidyFences(retentionMs: number, limit: number): Promise<number> {
    return tidyFences(this.database, retentionMs, limit);
  }

  async findOld(retentionMs: number, after: string, limit: number): Promise<OldOperations> {
    return findOld(this.database, retentionMs, after, limit);
  }

  async findSagas(ids: readonly string[]): Promise<readonly SagaReport[]> {
    return ids.flatMap((id) => findSaga(this.database, id) ?? []);
  }

  async deleteOld(ids: readonly string[]): Promise<number> {
    return deleteOld(this.database, ids);
  }

  async tidySessions(retentionMs: number, limit: number): Promise<number> {
    return tidySessions(this.database, retentionMs, limit);
  }

  async tidyRepairRuns(retentionMs: number, limit: number): Promise<number> {
    return tidyRepairRuns(this.database, retentionMs, limit);
  }

  async recordRepair(run: RepairRow): Promise<void> {
    const { database } = this;
    const row = { ...run, id: database.nextId(), at: this.clock.date() };
    database.repairRuns = [...database.repairRuns, row];
  }

  /** What {@link recordRepair} was told so far. */
  get repairRuns(): readonly RepairRow[] {
    return this.database.repairRuns;
  }

  async findSaga(id: string): Promise<SagaReport | null> {
    return findSaga(this.database, id);
  }

  async blockedKeys(limit: number): Promise<readonly BlockedKey[]> {
    return blockedKeys(this.database, limit);
  }
}
