// Goal: the tables are the ones that the program believes in, in every dialect, and a program meets no others.
// Method: migrate empty databases in all the ways there are, then ask the servers' own catalogues.
import {
  MARKER_STATUSES,
  PHASES,
  SAGA_STATES,
  TRANSITION_OUTCOMES,
  VERBS,
  type Store,
} from '@tenon/core';
import { mysqlMigrations, postgresMigrations, type MigrationClass } from '@tenon/migrations';
import { mysqlStore, postgresStore } from '@tenon/store';
import { DataSource } from 'typeorm';
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
  /** Generated columns are the dialect's own affair. */
  readonly columns: string;
  readonly checks: string;
}

const POSTGRES: Dialect = {
  server: 'postgres15',
  type: 'postgres',
  migrations: postgresMigrations,
  store: (dataSource) => postgresStore({ dataSource }),
  columns: `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
    WHERE table_schema = current_schema() AND is_generated = 'NEVER'`,
  checks: `SELECT conname AS name, pg_get_constraintdef(oid) AS clause FROM pg_constraint WHERE contype = 'c'`,
};

const MARIADB: Dialect = {
  server: 'mariadb',
  type: 'mariadb',
  migrations: mysqlMigrations,
  store: (dataSource) => mysqlStore({ dataSource }),
  columns: `SELECT concat(table_name, '.', column_name) AS name FROM information_schema.columns
    WHERE table_schema = database() AND is_generated = 'NEVER'`,
  checks: `SELECT constraint_name AS name, check_clause AS clause FROM information_schema.check_constraints
    WHERE constraint_schema = database()`,
};

/** Databases of one dialect, one per use, dropped behind the tests. */
function useDatabases({ server, type }: Dialect): () => Promise<DataSource> {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing) await close();
  });
  return async () => {
    const database: TestDatabase = await testDatabase(server);
    const dataSource = new DataSource({ type, url: database.url });
    await dataSource.initialize();
    closing.push(async () => {
      await dataSource.destroy();
      await database.drop();
    });
    return dataSource;
  };
}

async function namesOf(dataSource: DataSource, sql: string): Promise<readonly string[]> {
  const rows = await dataSource.query<{ readonly name: string }[]>(sql);
  return rows.map(({ name }) => name).sort();
}

describe.each([POSTGRES, MARIADB])('the schema', (dialect) => {
  describeIf(dialect.server, `on ${dialect.server}`, () => {
    const database = useDatabases(dialect);

    it('lists the states that the program knows', async () => {
      const dataSource = await database();
      await dialect.store(dataSource).migrate();
      const checks = await dataSource.query<{ readonly name: string; readonly clause: string }[]>(
        dialect.checks,
      );
      const lists = Object.fromEntries(
        checks.map(({ name, clause }) => [
          name,
          [...clause.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word),
        ]),
      );
      expect(lists).toMatchObject({
        op_log_status: MARKER_STATUSES,
        saga_state: SAGA_STATES,
        saga_transition_from_state: SAGA_STATES,
        saga_transition_to_state: SAGA_STATES,
        saga_transition_phase: PHASES,
        saga_transition_outcome: TRANSITION_OUTCOMES,
        saga_transition_verb: VERBS,
        saga_fence_phase: PHASES,
        admin_key_role: ['viewer', 'operator', 'admin'],
      });
    });

    it('is refused while it is missing, with what to do', async () => {
      const store = dialect.store(await database());
      await expect(store.open()).rejects.toMatchObject({
        code: 'TENON_SCHEMA_MISSING',
        message: expect.stringContaining('npm run migrate') as unknown,
      });
      await store.migrate();
      await store.open();
      await store.close();
    });

    it('is refused when it is newer than the program, by open and by migrate', async () => {
      const dataSource = await database();
      const store = dialect.store(dataSource);
      await store.migrate();
      await dataSource.query(`INSERT INTO tenon_schema (version) VALUES (9999)`);
      await expect(store.open()).rejects.toMatchObject({ code: 'TENON_SCHEMA_NEWER' });
      await expect(store.migrate()).rejects.toMatchObject({ code: 'TENON_SCHEMA_NEWER' });
    });

    it('is made once by many that begin at the same time', async () => {
      const dataSource = await database();
      await Promise.all(Array.from({ length: 4 }, () => dialect.store(dataSource).migrate()));
      const versions = await dataSource.query<{ readonly version: number }[]>(
        `SELECT version FROM tenon_schema ORDER BY version`,
      );
      expect(versions).toEqual(dialect.migrations.map((_, index) => ({ version: index + 1 })));
    });

    it("may be made by the application's own run of TypeORM's migrations", async () => {
      const dataSource = await database();
      const { options } = dataSource;
      const application = new DataSource({ ...options, migrations: [...dialect.migrations] });
      await application.initialize();
      await application.runMigrations();
      await application.destroy();
      const store = dialect.store(dataSource);
      await store.migrate();
      await store.open();
      await store.close();
    });
  });
});

describeIf(['postgres15', 'mariadb'], 'the schema in two dialects', () => {
  const databases = [POSTGRES, MARIADB].map((dialect) => ({
    dialect,
    open: useDatabases(dialect),
  }));

  it('has the same tables and columns', async () => {
    const [postgres, mariadb] = await Promise.all(
      databases.map(async ({ dialect, open }) => {
        const dataSource = await open();
        await dialect.store(dataSource).migrate();
        return namesOf(dataSource, dialect.columns);
      }),
    );
    expect(postgres).toContain('op_log.op_key');
    expect(mariadb).toEqual(postgres);
  });
});
