import type {
  AppendedMarker,
  BlockedKey,
  CallerTx,
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
  Taken,
  TakeRequest,
  Ticket,
} from '@tenon/core';
import { UsageError } from '@tenon/core';
import type { DataSource } from 'typeorm';
import { AfterCommit } from '../after-commit';
import { callerRunner } from '../caller-tx';
import { checkSchema, migrateSchema } from '../schema';
import { appendMarkers } from './appending';
import { Database } from './database';
import { classifyMysqlError } from './errors';
import { adopt, heldIds, letGo, load } from './holding';
import { nextDueMs, releaseKeys, requeueQueued, takeDue, takeIn } from './intake';
import { record } from './recording';
import {
  buryUnserved,
  endLapsedSessions,
  FenceTidier,
  freeParkedHeads,
  recordRepair,
  type RepairRun,
} from './repair';
import { blockedKeys, findSaga, findSagas } from './reports';
import { deleteOld, findOld } from './retention';
import { mysqlSchema } from './schema';
import { closeSession, openSession, renewSession } from './sessions';
import { StepTransaction, type StepWork } from './step-transaction';

const ENGINE_CONNECTION_MAX = 4;

/** Options of {@link mysqlStore}. */
export interface MysqlStoreOptions {
  /** The application's DataSource, of type `mariadb` or `mysql`. Handlers' transactions run on its connections. */
  readonly dataSource: DataSource;
  /** Connections that the engine opens for itself, besides those of the DataSource. Default 4. */
  readonly engineConnectionMax?: number;
}

/**
 * Tenon's store on MariaDB (10.6 or newer; a DataSource of type `mariadb`) and MySQL 8 (8.0.17 or newer; type `mysql`), with the
 * driver `mysql2`.
 *
 * @example
 * TenonModule.forRoot({ store: mysqlStore({ dataSource }), dispatcher });
 */
export function mysqlStore(options: MysqlStoreOptions): Store {
  const { dataSource, engineConnectionMax = ENGINE_CONNECTION_MAX } = options;
  const { options: connection } = dataSource;
  if (connection.type !== 'mariadb' && connection.type !== 'mysql') {
    throw new UsageError(
      'TENON_USAGE',
      `mysqlStore needs a DataSource of type "mariadb" or "mysql", not "${connection.type}". For PostgreSQL there is postgresStore.`,
    );
  }
  return new MysqlStore(dataSource, new Database(connection, engineConnectionMax));
}

class MysqlStore implements Store {
  private readonly commits: AfterCommit;
  private readonly fences = new FenceTidier();
  private handlerCommits = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
  ) {
    this.commits = new AfterCommit(dataSource);
  }

  get operator(): OperatorStore {
    throw new UsageError('TENON_USAGE', 'This store has no operator part yet.');
  }

  async open(): Promise<void> {
    await this.database.open((connections) => checkSchema(connections, mysqlSchema));
    this.commits.open();
  }

  migrate(): Promise<void> {
    return this.database.briefly((connections) => migrateSchema(connections, mysqlSchema));
  }

  async close(): Promise<void> {
    this.commits.close();
    await this.database.close();
  }

  classify(error: unknown): StoreErrorKind {
    return classifyMysqlError(error);
  }

  counters(): StoreCounters {
    return {
      bookkeepingCommits: this.database.writingCommits,
      handlerCommits: this.handlerCommits,
    };
  }

  async appendMarkers(
    tx: CallerTx,
    markers: readonly NewMarker[],
  ): Promise<readonly AppendedMarker[]> {
    return appendMarkers(callerRunner(tx), markers);
  }

  afterCommit(tx: CallerTx, callback: () => void): void {
    this.commits.add(callerRunner(tx), callback);
  }

  openSession(session: NewSession): Promise<string> {
    return openSession(this.database, session);
  }

  renewSession(sessionId: string, sessionMs: number): Promise<boolean> {
    return renewSession(this.database, sessionId, sessionMs);
  }

  closeSession(sessionId: string): Promise<void> {
    return closeSession(this.database, sessionId);
  }

  takeIn(request: TakeRequest): Promise<Taken> {
    return takeIn(this.database, request);
  }

  takeDue(request: TakeRequest): Promise<Taken> {
    return takeDue(this.database, request);
  }

  nextDueMs(types: TakeRequest['types'], msMax: number): Promise<number> {
    return nextDueMs(this.database, types, msMax);
  }

  requeueQueued(): Promise<number> {
    return requeueQueued(this.database);
  }

  adopt(tickets: readonly Ticket[], sessionId: string): Promise<readonly HeldSaga[]> {
    return adopt(this.database, tickets, sessionId);
  }

  load(ids: readonly string[], sessionId: string): Promise<readonly HeldSaga[]> {
    return load(this.database, ids, sessionId);
  }

  heldIds(sessionId: string): Promise<readonly string[]> {
    return heldIds(this.database, sessionId);
  }

  letGo(ids: readonly string[], sessionId: string, delayMs: number): Promise<void> {
    return letGo(this.database, ids, sessionId, delayMs);
  }

  record(records: readonly SagaRecord[], sessionId: string): Promise<RecordAnswer> {
    return record(this.database, records, sessionId);
  }

  releaseKeys(
    endedIds: readonly string[],
    sessionId: string | null,
    types: TakeRequest['types'],
  ): Promise<readonly HeldSaga[]> {
    return releaseKeys(this.database, endedIds, sessionId, types);
  }

  async inStepTransaction(
    call: FencedCall,
    signal: AbortSignal,
    work: StepWork,
  ): Promise<StepCommit> {
    const answer = await new StepTransaction(this.dataSource, this.database, call, work).run(
      signal,
    );
    if (answer === 'committed') this.handlerCommits += 1;
    return answer;
  }

  endLapsedSessions(): Promise<number> {
    return endLapsedSessions(this.database);
  }

  buryUnserved(graceMs: number): Promise<number> {
    return buryUnserved(this.database, graceMs);
  }

  freeParkedHeads(graceMs: number): Promise<number> {
    return freeParkedHeads(this.database, graceMs);
  }

  tidyFences(retentionMs: number, limit: number): Promise<number> {
    return this.fences.tidy(this.database, retentionMs, limit);
  }

  findOld(retentionMs: number, after: string, limit: number): Promise<OldOperations> {
    return findOld(this.database, retentionMs, after, limit);
  }

  findSagas(ids: readonly string[]): Promise<readonly SagaReport[]> {
    return findSagas(this.database, ids);
  }

  deleteOld(ids: readonly string[]): Promise<number> {
    return deleteOld(this.database, ids);
  }

  recordRepair(run: RepairRun): Promise<void> {
    return recordRepair(this.database, run);
  }

  findSaga(id: string): Promise<SagaReport | null> {
    return findSaga(this.database, id);
  }

  blockedKeys(limit: number): Promise<readonly BlockedKey[]> {
    return blockedKeys(this.database, limit);
  }
}
