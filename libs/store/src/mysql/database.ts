import { UsageError, type StoreErrorKind } from '@tenon/core';
import type { PoolConnection } from 'mysql2';
import { setTimeout as wait } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { engineOptions } from '../engine-options';
import { retryOnConflict } from '../retry-on-conflict';
import { changedBy, rowsOf, sendAll, type Answer, type Statement } from './connection';
import { classifyMysqlError, isDuplicate } from './errors';
import * as SQL from './sql';

export type MysqlOptions = Extract<DataSourceOptions, { readonly type: 'mariadb' | 'mysql' }>;

/** How long to wait for a connection. */
const CONNECT_MS_MAX = 10_000;
/** A server that has gone answers no good-bye. */
const CLOSE_MS_MAX = 5_000;

/**
 * The few connections that the engine has for itself, each set up once: UTC, strict, READ COMMITTED, short waits for
 * locks. A transaction is carried out again when it lost against another one.
 */
export class Database {
  private dataSource: DataSource | undefined;
  private commits = 0;
  private isolation = 'tx_isolation';
  private readonly prepared = new WeakSet<PoolConnection>();

  constructor(
    private readonly options: MysqlOptions,
    private readonly connectionMax: number,
  ) {}

  /** Transactions so far that were committed. Whoever finds nothing to write rolls back. */
  get writingCommits(): number {
    return this.commits;
  }

  /** The server's variable for the isolation of the next transaction. */
  get isolationVariable(): string {
    return this.isolation;
  }

  /** Connects, and hands the connections to `check` before anybody else may use them. */
  async open(check: (dataSource: DataSource) => Promise<void>): Promise<void> {
    if (this.dataSource !== undefined) return;
    this.dataSource = await this.connect(async (connections) => {
      await check(connections);
      const [variable] = await connections.query<{ readonly Variable_name: string }[]>(
        SQL.ISOLATION_VARIABLE,
      );
      this.isolation = variable?.Variable_name ?? this.isolation;
    });
  }

  /** Does `work` on connections that are closed behind it. */
  async briefly(work: (dataSource: DataSource) => Promise<void>): Promise<void> {
    await end(await this.connect(work));
  }

  async close(): Promise<void> {
    const dataSource = this.dataSource;
    this.dataSource = undefined;
    if (dataSource !== undefined) await end(dataSource);
  }

  /** Sends statements that change nothing, and answers the rows of each. */
  read(...statements: readonly Statement[]): Promise<readonly Answer[]> {
    return this.withConnection((connection) => sendAll(connection, statements));
  }

  /** Sends one statement that changes nothing, and answers its rows. */
  async rows<Row>(...statement: Statement): Promise<readonly Row[]> {
    const [answer] = await this.read(statement);
    return rowsOf<Row>(answer);
  }

  /** Sends statements that change nothing, and answers the rows of each, all as of one moment. */
  snapshot(...statements: readonly Statement[]): Promise<readonly Answer[]> {
    return this.withConnection(async (connection) => {
      try {
        const packet: readonly Statement[] = [[SQL.SNAPSHOT], ...statements, [SQL.END_SNAPSHOT]];
        const answers = await sendAll(connection, packet);
        return answers.slice(SQL.STATEMENTS_OF_BEGIN, -1);
      } catch (error) {
        // Whoever gets the connection next must not read of that moment.
        connection.destroy();
        throw error;
      }
    });
  }

  /** Sends one statement that changes rows, and answers how many. */
  change(...statement: Statement): Promise<number> {
    return this.transaction(async (transaction) => {
      const [answer] = await transaction.commit(statement);
      return changedBy(answer);
    });
  }

  /** Carries out a transaction. What `work` does not commit is rolled back. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return retryOnConflict(kindOf, () =>
      this.withConnection(async (connection) => {
        const transaction = new Transaction(connection);
        try {
          return await work(transaction);
        } finally {
          if (transaction.isCommitted) this.commits += 1;
          else await transaction.rollBack();
        }
      }),
    );
  }

  private async withConnection<Result>(
    work: (connection: PoolConnection) => Promise<Result>,
  ): Promise<Result> {
    if (this.dataSource === undefined) {
      throw new UsageError(
        'TENON_USAGE',
        'The store is not open. Await `store.open()` first, and use it before `close()`.',
      );
    }
    const runner = this.dataSource.createQueryRunner();
    try {
      const connection = (await runner.connect()) as PoolConnection;
      try {
        await this.prepare(connection);
        return await work(connection);
      } catch (error) {
        // It may still be busy with what was given up: destroyed, nobody gets it again.
        if (classifyMysqlError(error) === 'unavailable') connection.destroy();
        throw error;
      }
    } finally {
      await runner.release();
    }
  }

  private async prepare(connection: PoolConnection): Promise<void> {
    if (this.prepared.has(connection)) return;
    // Without a listener, the death of a connection that nobody uses would end the process.
    connection.on('error', () => undefined);
    await sendAll(connection, [[SQL.SESSION_SETTINGS]]);
    this.prepared.add(connection);
  }

  private async connect(check: (dataSource: DataSource) => Promise<void>): Promise<DataSource> {
    const extra: unknown = this.options.extra;
    const dataSource = new DataSource({
      ...engineOptions(this.options),
      poolSize: this.connectionMax,
      connectTimeout: CONNECT_MS_MAX,
      // Text arrives as it was, instants are UTC, and no id passes through a double.
      charset: 'utf8mb4',
      timezone: 'Z',
      dateStrings: false,
      supportBigNumbers: true,
      bigNumberStrings: true,
      // Several statements to a packet, on connections that no text reaches unescaped.
      multipleStatements: true,
      // Rows that an UPDATE found count, whether or not it changed them.
      flags: ['FOUND_ROWS'],
      extra: {
        ...(typeof extra === 'object' ? extra : {}),
        connectionLimit: this.connectionMax,
        maxIdle: this.connectionMax,
        waitForConnections: true,
        queueLimit: 0,
        resetOnRelease: false,
        enableKeepAlive: true,
        jsonStrings: true,
        decimalNumbers: false,
        typeCast: true,
        rowsAsArray: false,
        nestTables: false,
        namedPlaceholders: false,
      },
    });
    await dataSource.initialize();
    try {
      await check(dataSource);
    } catch (error) {
      await end(dataSource);
      throw error;
    }
    return dataSource;
  }
}

/** A transaction of the engine's own. It begins with its first packet and ends with {@link commit}. */
export class Transaction {
  private state: 'new' | 'open' | 'committed' = 'new';

  constructor(private readonly connection: PoolConnection) {}

  get isCommitted(): boolean {
    return this.state === 'committed';
  }

  async send(...statements: readonly Statement[]): Promise<readonly Answer[]> {
    if (this.state === 'open') return sendAll(this.connection, statements);
    this.state = 'open';
    const answers = await sendAll(this.connection, [[SQL.BEGIN], ...statements]);
    return answers.slice(SQL.STATEMENTS_OF_BEGIN);
  }

  /** The last packet. An error of the COMMIT itself leaves open whether it happened. */
  async commit(...statements: readonly Statement[]): Promise<readonly Answer[]> {
    const answers = await this.send(...statements, [SQL.COMMIT]);
    this.state = 'committed';
    return answers.slice(0, statements.length);
  }

  /** Said in any case: of a lock wait that took too long the server undoes only the statement. */
  async rollBack(): Promise<void> {
    if (this.state !== 'open') return;
    await sendAll(this.connection, [[SQL.ROLLBACK]]).catch(() => this.connection.destroy());
  }
}

/** A duplicate is a lost race here: the next attempt sees whose row it was. */
function kindOf(error: unknown): StoreErrorKind {
  return isDuplicate(error) ? 'conflict' : classifyMysqlError(error);
}

async function end(dataSource: DataSource): Promise<void> {
  const limit = new AbortController();
  const patience = wait(CLOSE_MS_MAX, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([dataSource.destroy(), patience]);
  limit.abort();
}
