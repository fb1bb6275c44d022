import { DataSource, type DataSourceOptions } from 'typeorm';
import { TRANSFER_ENTITIES } from '../transfers/entities';
import type { DatabaseUrl } from './database-url';
import { mysqlMigrations } from './migrations/mysql';
import { postgresMigrations } from './migrations/postgres';

/** The service's connections: one for each handler call that may run at a time, and some for the business. */
const CONNECTIONS_MAX = 20;

/** The table in which TypeORM notes which of the service's own migrations were run. */
export const MIGRATIONS_TABLE = 'service_migration';

/** The service's DataSource. It never changes the schema by itself: migrations do. */
export function serviceDataSource(
  database: DatabaseUrl,
  connectionsMax = CONNECTIONS_MAX,
): DataSource {
  return new DataSource({
    ...connectionOptions(database),
    poolSize: connectionsMax,
    entities: [...TRANSFER_ENTITIES],
    migrations: database.family === 'postgres' ? postgresMigrations : mysqlMigrations,
    migrationsTableName: MIGRATIONS_TABLE,
  });
}

type ServerOptions = Extract<DataSourceOptions, { type: 'postgres' | 'mysql' | 'mariadb' }>;

/** How a database is reached. */
export function connectionOptions(database: DatabaseUrl): ServerOptions {
  switch (database.family) {
    case 'postgres':
      // Without a name the driver would take the user's.
      return {
        type: 'postgres',
        url: (database.database === null ? database.withDatabase('postgres') : database).text,
        applicationName: 'tenon',
        connectTimeoutMS: CONNECT_MS_MAX,
      };
    case 'mysql':
      return {
        type: 'mysql',
        url: database.text,
        charset: 'utf8mb4',
        timezone: 'Z',
        supportBigNumbers: true,
        bigNumberStrings: true,
        connectTimeout: CONNECT_MS_MAX,
      };
  }
}

const CONNECT_MS_MAX = 5_000;
