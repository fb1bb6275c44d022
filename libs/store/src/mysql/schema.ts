import { mysqlMigrations } from '@tenon/migrations';
import type { Schema } from '../schema';

const LOCK_WAIT_S = 60;

/**
 * These servers commit every change of a table by itself, so the lock is the session's, and the server lets go of it
 * when the session ends, however it ends. Its name holds the database's: these locks are the whole server's.
 */
export const mysqlSchema: Schema = {
  migrations: mysqlMigrations,

  async readVersion(runner) {
    const found = (await runner.query(HAS_SCHEMA)) as readonly unknown[];
    if (found.length === 0) return 0;
    const [row] = (await runner.query(READ_VERSION)) as { readonly version: number | string }[];
    return Number(row?.version ?? 0);
  },

  async underLock(runner, work) {
    const [lock] = (await runner.query(LOCK)) as { readonly is_mine: number | string | null }[];
    if (Number(lock?.is_mine) !== 1) {
      throw new Error(
        `Another process has been migrating this database for more than ${LOCK_WAIT_S} s. Look for one that hangs, and try again.`,
      );
    }
    try {
      await work();
    } finally {
      await runner.query(UNLOCK);
    }
  },
};

const HAS_SCHEMA = `SELECT 1 FROM information_schema.tables WHERE table_schema = database() AND table_name = 'tenon_schema'`;
const READ_VERSION = 'SELECT coalesce(max(version), 0) AS version FROM tenon_schema';
const LOCK_NAME = `concat('tenon.', left(sha1(database()), 40))`;
const LOCK = `SELECT get_lock(${LOCK_NAME}, ${LOCK_WAIT_S}) AS is_mine`;
const UNLOCK = `SELECT release_lock(${LOCK_NAME})`;
