import type { CallerTx, Store } from '@tenon/core';
import { postgresStore } from '@tenon/store';
import type { CallerTransaction, OpenStore } from '@tenon/testing';
import { DataSource } from 'typeorm';

type StoreUnderTest = Awaited<ReturnType<OpenStore<CallerTx>>> & { readonly store: Store };

/** The instants that a test moves back in order to let time pass. */
const INSTANTS = {
  op_log: ['due_at', 'created_at', 'finished_at', 'deadline_at'],
  saga: ['due_at', 'created_at', 'finished_at'],
  saga_fence: ['at'],
  worker_session: ['renewed_at', 'expires_at', 'ended_at'],
  repair_run: ['at'],
};

/** TRUNCATE makes the files of every table and index anew, and takes far longer than a test. */
const EMPTY = [
  'op_log',
  'saga',
  'saga_transition',
  'saga_fence',
  'worker_session',
  'repair_run',
  'effect',
  'operation_pause',
  'admin_key',
  'admin_audit',
]
  .map((table) => `DELETE FROM ${table}`)
  .join('; ');

/** An application's DataSource on the database of a test file, with a table of its own for business rows. */
export async function connectApplication(url: string): Promise<DataSource> {
  const dataSource = new DataSource({ type: 'postgres', url });
  await dataSource.initialize();
  await dataSource.query(`CREATE TABLE effect (id bigserial PRIMARY KEY, name text NOT NULL)`);
  await postgresStore({ dataSource }).migrate();
  return dataSource;
}

/** A store over emptied tables. */
export async function openPostgres(dataSource: DataSource): Promise<StoreUnderTest> {
  await dataSource.query(EMPTY);
  const store = postgresStore({ dataSource });
  await store.open();
  return {
    store,
    outside: dataSource.manager,
    begin: () => beginCaller(dataSource),
    writeEffect: async (tx, name) => {
      await tx.query(`INSERT INTO effect (name) VALUES ($1)`, [name]);
    },
    effects: async () => {
      const rows = await dataSource.query<{ name: string }[]>(
        `SELECT name FROM effect ORDER BY id`,
      );
      return rows.map(({ name }) => name);
    },
    passTime: (ms) => passTime(dataSource, ms),
    close: () => store.close(),
  };
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
    const moved = columns.map((column) => `${column} = ${column} - interval '${ms} milliseconds'`);
    await dataSource.query(`UPDATE ${table} SET ${moved.join(', ')}`);
  }
}
