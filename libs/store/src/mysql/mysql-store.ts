import { UsageError, type Store } from '@tenon/core';
import type { DataSource } from 'typeorm';
import { SqlStore, type Dialect } from '../sql-store';
import { appendMarkers } from './appending';
import { Database } from './database';
import { classifyMysqlError } from './errors';
import { adopt, heldIds, letGo, load } from './holding';
import { nextDueMs, releaseKeys, requeueQueued, takeDue, takeIn } from './intake';
import { MysqlOperatorStore } from './operator/operator-store';
import { record } from './recording';
import {
  buryUnserved,
  endLapsedSessions,
  FenceTidier,
  ParkedHeads,
  recordRepair,
  tidyRepairRuns,
  tidySessions,
} from './repair';
import { blockedKeys, findSaga, findSagas } from './reports';
import { deleteOld, findOld } from './retention';
import { mysqlSchema } from './schema';
import { closeSession, openSession, renewSession } from './sessions';
import { MysqlStepTransaction } from './step-transaction';

const ENGINE_CONNECTION_MAX = 4;

/** Options of {@link mysqlStore}. */
export interface MysqlStoreOptions {
  /** The application's DataSource, of type `mariadb` or `mysql`. Handlers' transactions run on its connections. */
  readonly dataSource: DataSource;
  /** Connections that the engine opens for itself, besides those of the DataSource. Default 4. */
  readonly engineConnectionMax?: number;
}

/**
 * Tenon's store on MariaDB (10.6 or newer; a DataSource of type `mariadb`) and MySQL 8 (8.0.17 or newer; type `mysql`), with the
 * driver `mysql2`.
 *
 * @example
 * TenonModule.forRoot({ store: mysqlStore({ dataSource }), dispatcher });
 */
export function mysqlStore(options: MysqlStoreOptions): Store {
  const { dataSource, engineConnectionMax = ENGINE_CONNECTION_MAX } = options;
  const { options: connection } = dataSource;
  if (connection.type !== 'mariadb' && connection.type !== 'mysql') {
    throw new UsageError(
      'TENON_USAGE',
      `mysqlStore needs a DataSource of type "mariadb" or "mysql", not "${connection.type}". For PostgreSQL there is postgresStore.`,
    );
  }
  return new SqlStore(dataSource, new Database(connection, engineConnectionMax), mysqlDialect());
}

function mysqlDialect(): Dialect<Database> {
  const fences = new FenceTidier();
  const parked = new ParkedHeads();
  return {
    schema: mysqlSchema,
    operator: (database) => new MysqlOperatorStore(database),
    classify: classifyMysqlError,
    appendMarkers,
    openSession,
    renewSession,
    closeSession,
    takeIn,
    takeDue,
    nextDueMs,
    requeueQueued,
    adopt,
    load,
    heldIds,
    letGo,
    record,
    releaseKeys,
    inStepTransaction: (dataSource, database, call, work, signal) =>
      new MysqlStepTransaction(dataSource, database, call, work).run(signal),
    endLapsedSessions,
    buryUnserved,
    freeParkedHeads: (database, graceMs) => parked.free(database, graceMs),
    tidyFences: (database, retentionMs, limit) => fences.tidy(database, retentionMs, limit),
    tidySessions,
    tidyRepairRuns,
    recordRepair,
    findOld,
    deleteOld,
    findSaga,
    findSagas,
    blockedKeys,
  };
}
