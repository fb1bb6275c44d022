import { UsageError, type StoreErrorKind } from '@tenon/core';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { engineOptions } from '../engine-options';
import { retryOnConflict } from '../retry-on-conflict';
import { classifyPostgresError, isUniqueViolation } from './errors';
import { TYPE_PARSERS } from './row';
import type { Statement } from './sql';
import { watchConnections } from './watched-connections';

export type PostgresOptions = Extract<DataSourceOptions, { readonly type: 'postgres' }>;

/** How long to wait for a connection, be it new or in use by others. */
const CONNECT_MS_MAX = 10_000;
/** How long to wait for an answer. Behind a network that swallows packets none would ever come. */
const QUERY_MS_MAX = 30_000;

/**
 * Every statement of the engine finds its rows by an index, however full its arrays are. A plan that was made while the
 * tables were empty would read all of them for as long as nobody analyses them: minutes of a first backlog. A plan for
 * each list of ids would cost more than it saves, and compiling plans more still.
 */
export const ENGINE_SETTINGS =
  'SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off';

/**
 * A page is read in the order of an index and no further than it is long, however many rows the planner takes its filter
 * to have: not all of them at once, to be sorted then. Ends with the transaction.
 */
export const IN_ORDER = 'BEGIN READ ONLY; SET LOCAL enable_bitmapscan = off';

/**
 * The few connections that the engine has for itself. Every statement sent here is a transaction of its own, and is sent
 * again when it lost against another one.
 */
export class Database {
  private dataSource: DataSource | undefined;
  /** Connections that have their settings. */
  private readonly settled = new WeakSet<PoolClient>();
  private commits = 0;
  private isReadCommitted = false;

  constructor(
    private readonly options: PostgresOptions,
    private readonly connectionMax: number,
  ) {}

  /** Statements so far that changed a row. */
  get writingCommits(): number {
    return this.commits;
  }

  /**
   * What a handler's transaction must ask for. Nothing, where READ COMMITTED is what it gets anyway: that saves a round trip
   * per call.
   */
  get isolationToSet(): 'READ COMMITTED' | undefined {
    return this.isReadCommitted ? undefined : 'READ COMMITTED';
  }

  /** Connects, and hands the connections to `check` before anybody else may use them. */
  async open(check: (dataSource: DataSource) => Promise<void>): Promise<void> {
    if (this.dataSource !== undefined) return;
    const dataSource = await this.connect(async (connections) => {
      await check(connections);
      this.isReadCommitted =
        this.options.isolationLevel === undefined && (await isReadCommitted(connections));
    });
    this.dataSource = dataSource;
  }

  /** Does `work` on connections that are closed behind it. */
  async briefly(work: (dataSource: DataSource) => Promise<void>): Promise<void> {
    const dataSource = await this.connect(work);
    await dataSource.destroy();
  }

  async close(): Promise<void> {
    const dataSource = this.dataSource;
    this.dataSource = undefined;
    await dataSource?.destroy();
  }

  /** Sends a statement that changes nothing, and answers its rows. */
  async read<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    return (await this.send<Row>(statement, values)).rows;
  }

  /** Sends a statement that reads a page in the order of an index, and answers its rows. */
  async readInOrder<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const { rows } = await this.withClient(async (client) => {
      await client.query(IN_ORDER);
      try {
        const result = await sendOn<Row>(client, statement, values);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // Whoever gets the connection next must not be in this transaction.
        void client.end();
        throw error;
      }
    });
    return rows;
  }

  /** Sends a statement that changes rows and answers something about each of them. */
  async write<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const { rows } = await this.send<Row>(statement, values);
    if (rows.length > 0) this.commits += 1;
    return rows;
  }

  /** Sends a statement that changes rows, and answers how many. */
  async change(statement: Statement, values: readonly unknown[]): Promise<number> {
    const { rowCount } = await this.send(statement, values);
    if (rowCount !== null && rowCount > 0) this.commits += 1;
    return rowCount ?? 0;
  }

  private send<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return retryOnConflict(kindOfError, () => this.sendOnce<Row>(statement, values));
  }

  private sendOnce<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return this.withClient((client) => sendOn<Row>(client, statement, values));
  }

  private async withClient<Answer>(work: (client: PoolClient) => Promise<Answer>): Promise<Answer> {
    if (this.dataSource === undefined) {
      throw new UsageError(
        'TENON_USAGE',
        'The store is not open. Await `store.open()` first, and use it before `close()`.',
      );
    }
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    try {
      if (!this.settled.has(client)) {
        await client.query(ENGINE_SETTINGS);
        this.settled.add(client);
      }
      return await work(client);
    } catch (error) {
      // The connection may still be busy with the statement that was given up: ended, nobody gets it again.
      if (isTimeout(error)) void client.end();
      throw error;
    } finally {
      await runner.release();
    }
  }

  private async connect(check: (dataSource: DataSource) => Promise<void>): Promise<DataSource> {
    const extra: unknown = this.options.extra;
    const dataSource = new DataSource({
      ...engineOptions(this.options),
      installExtensions: false,
      poolSize: this.connectionMax,
      connectTimeoutMS: CONNECT_MS_MAX,
      // The pool has dropped the idle connection that was lost, and makes a new one when it is needed.
      poolErrorHandler: () => undefined,
      extra: {
        ...(typeof extra === 'object' ? extra : {}),
        max: this.connectionMax,
        connectionTimeoutMillis: CONNECT_MS_MAX,
        keepAlive: true,
        query_timeout: QUERY_MS_MAX,
      },
    });
    await dataSource.initialize();
    watchConnections(dataSource);
    try {
      await check(dataSource);
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
    return dataSource;
  }
}

/** Sends a named statement on a connection of PostgreSQL's driver. */
export function sendOn<Row extends QueryResultRow>(
  client: PoolClient,
  { name, text }: Statement,
  values: readonly unknown[],
): Promise<QueryResult<Row>> {
  return client.query<Row>({ name, text, values: [...values], types: TYPE_PARSERS });
}

async function isReadCommitted(dataSource: DataSource): Promise<boolean> {
  const [row] = await dataSource.query<{ readonly level: string }[]>(
    `SELECT current_setting('default_transaction_isolation') AS level`,
  );
  return row?.level === 'read committed';
}

/** Two took of one key at the same time: the index that keeps it to one has stopped the second, as a deadlock would. */
function kindOfError(error: unknown): StoreErrorKind {
  return isUniqueViolation(error, 'op_log_taken') ? 'conflict' : classifyPostgresError(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
