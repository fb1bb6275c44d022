import { postgresMigrations } from '@tenon/migrations';
import type { QueryRunner } from 'typeorm';
import type { Schema } from '../schema';

/** A number of Tenon's own among the database's advisory locks. */
const LOCK = 7_364_001;
const LOCK_WAIT = '60s';

/**
 * All pending migrations are one transaction, which also holds the lock: a process that dies in the middle leaves nothing
 * behind, neither half a schema nor a lock.
 */
export const postgresSchema: Schema = {
  migrations: postgresMigrations,

  async readVersion(runner) {
    const [schema] = (await runner.query(HAS_SCHEMA)) as { readonly found: boolean }[];
    if (schema?.found !== true) return 0;
    const [row] = (await runner.query(READ_VERSION)) as { readonly version: number }[];
    return row?.version ?? 0;
  },

  async underLock(runner, work) {
    await runner.startTransaction('READ COMMITTED');
    try {
      await runner.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
      await runner.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
      await work();
      await runner.commitTransaction();
    } catch (error) {
      await rollBack(runner);
      throw error;
    }
  },
};

const HAS_SCHEMA = `SELECT to_regclass('tenon_schema') IS NOT NULL AS found`;
const READ_VERSION = `SELECT coalesce(max(version), 0)::int AS version FROM tenon_schema`;

async function rollBack(runner: QueryRunner): Promise<void> {
  try {
    await runner.rollbackTransaction();
  } catch {
    // The connection is gone, and the transaction with it. The error that led here tells why.
  }
}
