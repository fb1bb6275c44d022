import { UsageError, type Store } from '@tenon/core';
import type { DataSource } from 'typeorm';
import { SqlStore, type Dialect } from '../sql-store';
import { appendMarkers } from './appending';
import { Database } from './database';
import { classifyPostgresError } from './errors';
import { adopt, heldIds, letGo, load } from './holding';
import { nextDueMs, releaseKeys, requeueQueued, takeDue, takeIn } from './intake';
import { PostgresOperatorStore } from './operator/operator-store';
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
import { postgresSchema } from './schema';
import { closeSession, openSession, renewSession } from './sessions';
import { PostgresStepTransaction } from './step-transaction';
import { watchConnections } from './watched-connections';

const ENGINE_CONNECTION_MAX = 4;

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** The application's DataSource, of type `postgres`. Handlers' transactions run on its connections. */
  readonly dataSource: DataSource;
  /** Connections that the engine opens for itself, besides those of the DataSource. Default 4. */
  readonly engineConnectionMax?: number;
}

/**
 * Tenon's store on PostgreSQL 15 or newer.
 *
 * @example
 * TenonModule.forRoot({ store: postgresStore({ dataSource }), dispatcher });
 */
export function postgresStore(options: PostgresStoreOptions): Store {
  const { dataSource, engineConnectionMax = ENGINE_CONNECTION_MAX } = options;
  const { options: connection } = dataSource;
  if (connection.type !== 'postgres') {
    throw new UsageError(
      'TENON_USAGE',
      `postgresStore needs a DataSource of type "postgres", not "${connection.type}". For MySQL and MariaDB there is mysqlStore.`,
    );
  }
  return new SqlStore(dataSource, new Database(connection, engineConnectionMax), postgresDialect());
}

function postgresDialect(): Dialect<Database> {
  const fences = new FenceTidier();
  const parked = new ParkedHeads();
  return {
    schema: postgresSchema,
    operator: (database) => new PostgresOperatorStore(database),
    watchConnections,
    classify: classifyPostgresError,
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
      new PostgresStepTransaction(dataSource, database, call, work).run(signal),
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
