import type {
  AppendedMarker,
  BlockedKey,
  CallerTx,
  FencedCall,
  HeldSaga,
  NewMarker,
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
import type { DataSource, QueryRunner } from 'typeorm';
import { AfterCommit } from './after-commit';
import { callerRunner } from './caller-tx';
import { checkSchema, migrateSchema, type Schema } from './schema';
import type { StepWork } from './step-transaction';

/** The engine's own connections, as far as every dialect's are alike. */
export interface EngineConnections {
  /** Transactions so far that changed a row. */
  readonly writingCommits: number;
  open(check: (dataSource: DataSource) => Promise<void>): Promise<void>;
  briefly(work: (dataSource: DataSource) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** What a dialect does in transactions of its own, each named as the port's verb that it carries out. */
type OwnTransactions =
  | 'openSession'
  | 'renewSession'
  | 'closeSession'
  | 'takeIn'
  | 'takeDue'
  | 'nextDueMs'
  | 'requeueQueued'
  | 'adopt'
  | 'load'
  | 'heldIds'
  | 'letGo'
  | 'record'
  | 'releaseKeys'
  | 'endLapsedSessions'
  | 'buryUnserved'
  | 'freeParkedHeads'
  | 'tidyFences'
  | 'tidySessions'
  | 'tidyRepairRuns'
  | 'recordRepair'
  | 'findOld'
  | 'deleteOld'
  | 'findSaga'
  | 'findSagas'
  | 'blockedKeys';

/** A SQL dialect: one function per verb, over its kind of connections. */
export type Dialect<Connections> = {
  readonly [Verb in OwnTransactions]: (
    database: Connections,
    ...given: Parameters<Store[Verb]>
  ) => ReturnType<Store[Verb]>;
} & {
  readonly schema: Schema;
  operator(database: Connections): OperatorStore;
  /** Where the driver ends the process for an error that nobody listens to. */
  watchConnections?(dataSource: DataSource): void;
  classify(error: unknown): StoreErrorKind;
  appendMarkers(
    runner: QueryRunner,
    markers: readonly NewMarker[],
  ): Promise<readonly AppendedMarker[]>;
  inStepTransaction(
    dataSource: DataSource,
    database: Connections,
    call: FencedCall,
    work: StepWork,
    signal: AbortSignal,
  ): Promise<StepCommit>;
};

/** Tenon's store on a SQL database: the application's DataSource, the engine's own connections, and a dialect. */
export class SqlStore<Connections extends EngineConnections> implements Store {
  readonly operator: OperatorStore;
  private readonly commits: AfterCommit;
  private handlerCommits = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Connections,
    private readonly dialect: Dialect<Connections>,
  ) {
    this.commits = new AfterCommit(dataSource);
    this.operator = dialect.operator(database);
  }

  async open(): Promise<void> {
    this.dialect.watchConnections?.(this.dataSource);
    await this.database.open((connections) => checkSchema(connections, this.dialect.schema));
    this.commits.open();
  }

  migrate(): Promise<void> {
    return this.database.briefly((connections) => migrateSchema(connections, this.dialect.schema));
  }

  async close(): Promise<void> {
    this.commits.close();
    await this.database.close();
  }

  classify(error: unknown): StoreErrorKind {
    return this.dialect.classify(error);
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
    return this.dialect.appendMarkers(callerRunner(tx), markers);
  }

  afterCommit(tx: CallerTx, callback: () => void): void {
    this.commits.add(callerRunner(tx), callback);
  }

  async inStepTransaction(
    call: FencedCall,
    signal: AbortSignal,
    work: StepWork,
  ): Promise<StepCommit> {
    const { dialect, dataSource, database } = this;
    const answer = await dialect.inStepTransaction(dataSource, database, call, work, signal);
    if (answer === 'committed') this.handlerCommits += 1;
    return answer;
  }

  openSession(session: Parameters<Store['openSession']>[0]): Promise<string> {
    return this.dialect.openSession(this.database, session);
  }

  renewSession(sessionId: string, sessionMs: number): Promise<boolean> {
    return this.dialect.renewSession(this.database, sessionId, sessionMs);
  }

  closeSession(sessionId: string): Promise<void> {
    return this.dialect.closeSession(this.database, sessionId);
  }

  takeIn(request: TakeRequest): Promise<Taken> {
    return this.dialect.takeIn(this.database, request);
  }

  takeDue(request: TakeRequest): Promise<Taken> {
    return this.dialect.takeDue(this.database, request);
  }

  nextDueMs(types: TakeRequest['types'], msMax: number): Promise<number> {
    return this.dialect.nextDueMs(this.database, types, msMax);
  }

  requeueQueued(): Promise<number> {
    return this.dialect.requeueQueued(this.database);
  }

  adopt(tickets: readonly Ticket[], sessionId: string): Promise<readonly HeldSaga[]> {
    return this.dialect.adopt(this.database, tickets, sessionId);
  }

  load(ids: readonly string[], sessionId: string): Promise<readonly HeldSaga[]> {
    return this.dialect.load(this.database, ids, sessionId);
  }

  heldIds(sessionId: string): Promise<readonly string[]> {
    return this.dialect.heldIds(this.database, sessionId);
  }

  letGo(ids: readonly string[], sessionId: string, delayMs: number): Promise<void> {
    return this.dialect.letGo(this.database, ids, sessionId, delayMs);
  }

  record(records: readonly SagaRecord[], sessionId: string): Promise<RecordAnswer> {
    return this.dialect.record(this.database, records, sessionId);
  }

  releaseKeys(
    endedIds: readonly string[],
    sessionId: string | null,
    types: TakeRequest['types'],
  ): Promise<readonly HeldSaga[]> {
    return this.dialect.releaseKeys(this.database, endedIds, sessionId, types);
  }

  endLapsedSessions(): Promise<number> {
    return this.dialect.endLapsedSessions(this.database);
  }

  buryUnserved(graceMs: number): Promise<number> {
    return this.dialect.buryUnserved(this.database, graceMs);
  }

  freeParkedHeads(graceMs: number): Promise<number> {
    return this.dialect.freeParkedHeads(this.database, graceMs);
  }

  tidyFences(retentionMs: number, limit: number): Promise<number> {
    return this.dialect.tidyFences(this.database, retentionMs, limit);
  }

  tidySessions(retentionMs: number, limit: number): Promise<number> {
    return this.dialect.tidySessions(this.database, retentionMs, limit);
  }

  tidyRepairRuns(retentionMs: number, limit: number): Promise<number> {
    return this.dialect.tidyRepairRuns(this.database, retentionMs, limit);
  }

  recordRepair(run: Parameters<Store['recordRepair']>[0]): Promise<void> {
    return this.dialect.recordRepair(this.database, run);
  }

  findOld(retentionMs: number, after: string, limit: number): Promise<OldOperations> {
    return this.dialect.findOld(this.database, retentionMs, after, limit);
  }

  deleteOld(ids: readonly string[]): Promise<number> {
    return this.dialect.deleteOld(this.database, ids);
  }

  findSaga(id: string): Promise<SagaReport | null> {
    return this.dialect.findSaga(this.database, id);
  }

  findSagas(ids: readonly string[]): Promise<readonly SagaReport[]> {
    return this.dialect.findSagas(this.database, ids);
  }

  blockedKeys(limit: number): Promise<readonly BlockedKey[]> {
    return this.dialect.blockedKeys(this.database, limit);
  }
}
