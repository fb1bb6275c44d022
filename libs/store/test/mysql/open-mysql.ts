import type { CallerTx } from '@tenon/core';
import { mysqlStore } from '@tenon/store';
import type { CallerTransaction, OpenStore } from '@tenon/testing';
import { DataSource } from 'typeorm';

type StoreUnderTest = Awaited<ReturnType<OpenStore<CallerTx>>>;

/** The instants that a test moves back in order to let time pass. */
const INSTANTS = {
  op_log: ['due_at', 'created_at', 'finished_at', 'deadline_at'],
  saga: ['due_at', 'created_at', 'finished_at'],
  saga_fence: ['at'],
  worker_session: ['renewed_at', 'expires_at', 'ended_at'],
  repair_run: ['at'],
};

/** TRUNCATE makes a table's files anew, and takes far longer than a test. */
const EMPTIED = [
  ...['saga', 'saga_transition', 'saga_fence', 'worker_session', 'repair_run', 'effect'],
  ...['operation_pause', 'admin_key', 'admin_audit'],
];

/** An application's DataSource on the database of a test file, with a table of its own for business rows. */
export async function connectApplication(url: string): Promise<DataSource> {
  const dataSource = new DataSource({ type: 'mariadb', url });
  await dataSource.initialize();
  await dataSource.query('CREATE TABLE effect (id bigint AUTO_INCREMENT PRIMARY KEY, name text)');
  await mysqlStore({ dataSource }).migrate();
  return dataSource;
}

/** A store over emptied tables. */
export async function openMysql(dataSource: DataSource): Promise<StoreUnderTest> {
  await empty(dataSource);
  const store = mysqlStore({ dataSource });
  await store.open();
  return {
    store,
    outside: dataSource.manager,
    begin: () => beginCaller(dataSource),
    writeEffect: async (tx, name) => {
      await tx.query('INSERT INTO effect (name) VALUES (?)', [name]);
    },
    effects: async () => {
      const rows = await dataSource.query<{ name: string }[]>(
        'SELECT name FROM effect ORDER BY id',
      );
      return rows.map(({ name }) => name);
    },
    passTime: (ms) => passTime(dataSource, ms),
    close: () => store.close(),
  };
}

/**
 * A row that is deleted stays in its unique indexes until the server purges it, and whoever inserts the same key again
 * until then locks the gap behind it, where the next one waits: so the idempotency keys are removed with their table.
 */
async function empty(dataSource: DataSource): Promise<void> {
  await dataSource.query('TRUNCATE op_log');
  for (const table of EMPTIED) await dataSource.query(`DELETE FROM ${table}`);
}

async function beginCaller(dataSource: DataSource): Promise<CallerTransaction<CallerTx>> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  return {
    tx: runner.manager,
    commit: async () => {
      await runner.commitTransaction();
      await runner.release();
    },
    rollback: async () => {
      await runner.rollbackTransaction();
      await runner.release();
    },
    nested: (work) => runner.manager.transaction(work),
  };
}

async function passTime(dataSource: DataSource, ms: number): Promise<void> {
  for (const [table, columns] of Object.entries(INSTANTS)) {
    const moved = columns.map(
      (column) => `${column} = ${column} - INTERVAL ${ms * 1000} MICROSECOND`,
    );
    await dataSource.query(`UPDATE ${table} SET ${moved.join(', ')}`);
  }
}
