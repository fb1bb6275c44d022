import type { DataSource, QueryRunner } from 'typeorm';
import { MIGRATIONS_TABLE, serviceDataSource } from '../database/data-source';
import { SettingError, type DatabaseUrl } from '../database/database-url';
import { makeDatabase } from '../database/make-database';
import { openDatabase } from '../database/open-database';

/** The demo's database, where the user named none. */
export const DEMO_DATABASE = 'tenon_demo';

/** The table by which the demo knows its own databases. */
const MARK = 'tenon_demo_mark';
/** What outlives the emptying: whose database this is, and which migrations it had. */
const KEPT_TABLES = new Set([MARK, MIGRATIONS_TABLE, 'tenon_schema']);

/** The database that a demo works in: made by a demo, or empty when it began. One demo at a time. */
export class DemoDatabase {
  private constructor(
    readonly url: DatabaseUrl,
    readonly dataSource: DataSource,
    /** Holds the lock by being connected. */
    private readonly holder: QueryRunner,
  ) {}

  /**
   * Connects to the database that `server` names, or to `tenon_demo` on it, which is made if need be.
   *
   * An empty `tenon_demo` is taken only on a server of the demo's own, where a demo that was killed while it made the
   * database must not be in the next one's way.
   *
   * @throws SettingError when the database is somebody else's, or another demo is at work in it
   */
  static async open(
    server: DatabaseUrl,
    isServerOwn: boolean,
    say: (message: string) => void,
  ): Promise<DemoDatabase> {
    const isNew = server.database === null && (await makeDatabase(server, DEMO_DATABASE, say));
    const url = server.database === null ? server.withDatabase(DEMO_DATABASE) : server;
    const dataSource = await openDatabase(serviceDataSource(url), url, say);
    const holder = dataSource.createQueryRunner();
    const database = new DemoDatabase(url, dataSource, holder);
    try {
      await database.lock();
      await database.claim(isNew || isServerOwn || server.database !== null);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Deletes every row but those that tell whose the database is and which migrations it had. */
  async empty(): Promise<void> {
    const isPostgres = this.url.family === 'postgres';
    const schema = isPostgres ? 'current_schema()' : 'DATABASE()';
    const tables = await this.tables(`table_schema = ${schema} AND table_type = 'BASE TABLE'`);
    const names = tables.filter((table) => !KEPT_TABLES.has(table));
    if (isPostgres) {
      await this.dataSource.query('DROP SCHEMA IF EXISTS bullmq CASCADE');
      const list = names.map((name) => `"${name}"`).join(', ');
      if (list !== '') await this.dataSource.query(`TRUNCATE ${list} RESTART IDENTITY`);
    } else {
      for (const name of names) await this.dataSource.query(`TRUNCATE TABLE \`${name}\``);
    }
  }

  async close(): Promise<void> {
    await this.holder.release();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async lock(): Promise<void> {
    const isOurs =
      this.url.family === 'postgres'
        ? await isTrue(this.holder, 'SELECT pg_try_advisory_lock(hashtext($1)) AS yes', [MARK])
        : await isTrue(this.holder, 'SELECT GET_LOCK(CONCAT(?, DATABASE()), 0) AS yes', [MARK]);
    if (isOurs) return;
    throw new SettingError(
      `Another demo is at work in ${this.url.shown}. Wait for its end, or give this one another database.`,
    );
  }

  /** Makes sure that the database is the demo's own, or, if `mayTake`, empty, and so becomes its own. */
  private async claim(mayTake: boolean): Promise<void> {
    const tables = await this.tables(
      this.url.family === 'postgres'
        ? "table_schema NOT IN ('pg_catalog', 'information_schema')"
        : 'table_schema = DATABASE()',
    );
    if (tables.includes(MARK)) return;
    if (!mayTake || tables.length > 0) {
      throw new SettingError(
        `The database ${this.url.shown} was not made by the demo, which would empty it. Name an empty database in ` +
          '--db or DATABASE_URL, or, if nobody needs this one, drop it.',
      );
    }
    await this.dataSource.query(
      `CREATE TABLE ${MARK} (made_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
    );
  }

  private async tables(where: string): Promise<readonly string[]> {
    const sql = `SELECT table_name AS name FROM information_schema.tables WHERE ${where}`;
    const rows = await this.dataSource.query<{ name: string }[]>(sql);
    return rows.map(({ name }) => name);
  }
}

async function isTrue(runner: QueryRunner, sql: string, parameters: unknown[]): Promise<boolean> {
  const [row] = (await runner.query(sql, parameters)) as { yes: unknown }[];
  return row?.yes === true || Number(row?.yes) === 1;
}
