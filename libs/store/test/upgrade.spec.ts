// Goal: a database of the first version, with rows in it, becomes one of the newest, whatever a migration was doing when
// it died before.
// Method: rows as the first version's programs left them; migrations that die after each of their statements; then the
// catalogues are compared with those of a fresh database.
import type { Store } from '@tenon/core';
import { mysqlMigrations, postgresMigrations, type MigrationClass } from '@tenon/migrations';
import { mysqlStore, postgresStore } from '@tenon/store';
import { DataSource, type QueryRunner } from 'typeorm';
import {
  describeIf,
  testDatabase,
  type SqlServerName,
  type TestDatabase,
} from '../../../test/servers';

interface Dialect {
  readonly server: SqlServerName;
  readonly type: 'postgres' | 'mariadb';
  readonly migrations: readonly MigrationClass[];
  readonly store: (dataSource: DataSource) => Store;
  /** Everything that a migration makes, as the server itself describes it. */
  readonly catalogue: readonly string[];
}

const POSTGRES = {
  type: 'postgres',
  migrations: postgresMigrations,
  store: (dataSource: DataSource) => postgresStore({ dataSource }),
  catalogue: [
    `SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression
     FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2`,
    `SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1`,
    `SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE connamespace = current_schema()::regnamespace ORDER BY 1`,
  ],
} as const;

const DIALECTS: readonly Dialect[] = [
  { ...POSTGRES, server: 'postgres15' },
  { ...POSTGRES, server: 'postgres18' },
  {
    server: 'mariadb',
    type: 'mariadb',
    migrations: mysqlMigrations,
    store: (dataSource) => mysqlStore({ dataSource }),
    catalogue: [
      `SELECT table_name, column_name, column_type, is_nullable, column_default, collation_name, generation_expression
       FROM information_schema.columns WHERE table_schema = database() ORDER BY 1, 2`,
      `SELECT table_name, index_name, seq_in_index, column_name, non_unique
       FROM information_schema.statistics WHERE table_schema = database() ORDER BY 1, 2, 3`,
      `SELECT constraint_name, check_clause FROM information_schema.check_constraints
       WHERE constraint_schema = database() ORDER BY table_name, 1`,
    ],
  },
];

/** What the first version's programs left, in plain SQL: every state of the rows that later ones make indexes of. */
const ROWS = [
  `INSERT INTO op_log (id, op_type, op_key, status, idempotency_key, reason) VALUES
    (1, 'transfer', 'a', 'done', 'one', NULL), (2, 'transfer', 'a', 'taken', NULL, NULL),
    (3, 'transfer', 'a', 'parked', NULL, NULL), (4, 'advice', NULL, 'pending', NULL, NULL),
    (5, 'unknown', NULL, 'dead', NULL, 'TENON_UNKNOWN_OPERATION'), (6, 'advice', NULL, 'taken', NULL, NULL)`,
  `INSERT INTO saga (id, type, version, state, seq, fence, due_at, finished_at) VALUES
    (1, 'transfer', 1, 'completed', 1, 1, NULL, CURRENT_TIMESTAMP), (2, 'transfer', 1, 'paused', 0, 1, NULL, NULL),
    (6, 'advice', 1, 'running', 0, 1, CURRENT_TIMESTAMP, NULL)`,
  `INSERT INTO saga_transition (saga_id, seq, attempt, from_state, to_state, outcome, duration_ms, fence) VALUES
    (1, 1, 0, 'ready', 'completed', 'moved', 0, 1)`,
  `INSERT INTO worker_session (worker, types, expires_at) VALUES ('yesterday', '["transfer"]', CURRENT_TIMESTAMP)`,
];

const PAGE = { after: null, limit: 100 };
const AUDIT = { actor: 'a', role: 'admin', verb: 'v', target: 't', reason: null, detail: null };

describe.each(DIALECTS)('an upgrade', (dialect) => {
  const { server, type, migrations, catalogue } = dialect;

  describeIf(server, `on ${server}`, () => {
    const closing: (() => Promise<void>)[] = [];
    afterAll(async () => {
      for (const close of closing) await close();
    });

    async function emptyDatabase(): Promise<DataSource> {
      const database: TestDatabase = await testDatabase(server);
      const dataSource = new DataSource({ type, url: database.url });
      await dataSource.initialize();
      closing.push(async () => {
        await dataSource.destroy();
        await database.drop();
      });
      return dataSource;
    }

    async function firstVersion(): Promise<DataSource> {
      const dataSource = await emptyDatabase();
      const runner = dataSource.createQueryRunner();
      await new migrations[0]!().up(runner);
      await runner.release();
      for (const statement of ROWS) await dataSource.query(statement);
      return dataSource;
    }

    async function described(dataSource: DataSource): Promise<readonly unknown[]> {
      const answers: unknown[] = [];
      for (const question of catalogue) answers.push(await dataSource.query(question));
      return answers;
    }

    /** Runs the migrations behind the first one on a connection that dies after `count` statements. False: it came to its end. */
    async function diesAfter(dataSource: DataSource, count: number): Promise<boolean> {
      const runner = dataSource.createQueryRunner();
      if (type === 'postgres') await runner.startTransaction();
      let changes = 0;
      const dying = new Proxy(runner, {
        get: (target, name: keyof QueryRunner) =>
          name !== 'query'
            ? target[name]
            : (sql: string, values?: unknown[]) => {
                const isChange = !/^\s*SELECT/i.test(sql);
                if (isChange && ++changes > count) throw new Error('the process died');
                return target.query(sql, values);
              },
      });
      try {
        for (const Migration of migrations.slice(1)) await new Migration().up(dying);
        return false;
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'the process died') throw error;
        return true;
      } finally {
        if (runner.isTransactionActive) await runner.rollbackTransaction();
        await runner.release();
      }
    }

    it('of a database with rows in it keeps them all, and lists them', async () => {
      const dataSource = await firstVersion();
      const store = dialect.store(dataSource);
      await expect(store.open()).rejects.toMatchObject({ code: 'TENON_SCHEMA_MISSING' });
      await store.migrate();
      await store.open();
      const { operator } = store;
      const sagas = async (
        filter: Parameters<typeof operator.listSagas>[0],
      ): Promise<readonly string[]> => (await operator.listSagas(filter, PAGE)).map(({ id }) => id);
      const markers = async (
        filter: Parameters<typeof operator.listMarkers>[0],
      ): Promise<readonly string[]> =>
        (await operator.listMarkers(filter, PAGE)).map(({ id }) => id);
      expect(await sagas({ states: ['completed'] })).toEqual(['1']);
      expect(await sagas({ states: ['paused'] })).toEqual(['2']);
      expect(await sagas({ states: ['running', 'ready'] })).toEqual(['6']);
      expect(await sagas({ types: ['transfer'] })).toEqual(['2', '1']);
      expect(await sagas({ key: 'a' })).toEqual(['2', '1']);
      expect(await markers({ statuses: ['dead'] })).toEqual(['5']);
      expect(await markers({ statuses: ['pending', 'parked'] })).toEqual(['4', '3']);
      expect(await markers({ statuses: ['taken', 'done'] })).toEqual(['6', '2', '1']);
      expect((await operator.findOperation('1'))?.history).toMatchObject([{ seq: 1, verb: null }]);
      expect(await operator.findOperation('1')).toMatchObject({
        marker: { priority: 0, deadlineAt: null, traceContext: null, idempotencyKey: 'one' },
      });
      expect(await operator.listSessions(PAGE)).toMatchObject([
        { worker: 'yesterday', roles: ['relay', 'worker'], versions: {} },
      ]);
      expect(await operator.redrive('5', AUDIT)).toBe('5');
      await store.close();
    });

    it('is finished after any death, and comes to the same as a fresh start', async () => {
      const fresh = await emptyDatabase();
      await dialect.store(fresh).migrate();
      const dataSource = await firstVersion();
      let deaths = 0;
      while (await diesAfter(dataSource, deaths)) {
        deaths += 1;
        expect(
          await dialect
            .store(dataSource)
            .open()
            .then(
              () => 'opened',
              () => 'refused',
            ),
        ).toBe('refused');
      }
      expect(deaths).toBeGreaterThan(5);
      await dialect.store(dataSource).migrate();
      expect(await described(dataSource)).toEqual(await described(fresh));
    });
  });
});
