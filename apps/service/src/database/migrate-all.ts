import { mysqlStore, postgresStore } from '@tenon/store';
import type { Store } from '@tenon/core';
import type { DataSource } from 'typeorm';
import { migrateService } from './migrate-service';

/** Tenon's store on the service's database. */
export function tenonStore(dataSource: DataSource): Store {
  return dataSource.options.type === 'postgres'
    ? postgresStore({ dataSource })
    : mysqlStore({ dataSource });
}

/**
 * Brings Tenon's tables and the service's own up to date, each under a lock.
 *
 * @throws SchemaError when either is newer than this program
 */
export async function migrateAll(dataSource: DataSource): Promise<void> {
  await tenonStore(dataSource).migrate();
  await migrateService(dataSource);
}
