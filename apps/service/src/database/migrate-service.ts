import { SchemaError } from '@tenon/core';
import type { DataSource, QueryRunner } from 'typeorm';
import { MIGRATIONS_TABLE } from './data-source';

const LOCK_NAME = 'tenon.service.migrate';
const LOCK_SECONDS_MAX = 60;

/**
 * Makes the service's own tables, or brings them up to date. Any number of processes may call it at once: one at a time
 * looks and works. Tenon's tables are the store's affair.
 *
 * @throws SchemaError `TENON_SCHEMA_NEWER` when a newer service has been here
 */
export async function migrateService(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await lock(runner);
    await refuseNewer(dataSource, runner);
    // TypeORM runs them on a connection of its own; the lock stands on ours meanwhile.
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    // A connection that is gone has no lock any more, and the error that tells of it is on its way.
    await unlock(runner).catch(() => undefined);
    await runner.release();
  }
}

async function lock(runner: QueryRunner): Promise<void> {
  if (isPostgres(runner)) {
    await runner.query(`SET lock_timeout = '${LOCK_SECONDS_MAX}s'`);
    await runner.query('SELECT pg_advisory_lock(hashtext($1))', [LOCK_NAME]);
    return;
  }
  const sql = 'SELECT GET_LOCK(CONCAT(?, DATABASE()), ?) AS isOurs';
  const rows = (await runner.query(sql, [LOCK_NAME, LOCK_SECONDS_MAX])) as { isOurs: unknown }[];
  if (Number(rows[0]?.isOurs) !== 1) {
    throw new Error(
      `Another process has been migrating for more than ${LOCK_SECONDS_MAX} s. Try again when it is done.`,
    );
  }
}

async function unlock(runner: QueryRunner): Promise<void> {
  if (isPostgres(runner)) {
    await runner.query('SELECT pg_advisory_unlock(hashtext($1))', [LOCK_NAME]);
    await runner.query('RESET lock_timeout');
  } else {
    await runner.query('SELECT RELEASE_LOCK(CONCAT(?, DATABASE()))', [LOCK_NAME]);
  }
}

/** TypeORM itself would not mind migrations that it does not know. */
async function refuseNewer(dataSource: DataSource, runner: QueryRunner): Promise<void> {
  if (!(await runner.hasTable(MIGRATIONS_TABLE))) return;
  const rows = (await runner.query(`SELECT name FROM ${MIGRATIONS_TABLE}`)) as { name: string }[];
  const known = new Set(dataSource.migrations.map((one) => one.name ?? one.constructor.name));
  const unknown = rows.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new SchemaError(
    'TENON_SCHEMA_NEWER',
    `The database was migrated by a newer service: it has ${unknown.join(', ')}, which this one does not know. ` +
      'Update the service; it changes nothing until then.',
  );
}

function isPostgres(runner: QueryRunner): boolean {
  return runner.dataSource.options.type === 'postgres';
}
