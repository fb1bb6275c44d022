import type { Store } from '@tenon/core';
import { mysqlStore, postgresStore } from '@tenon/store';
import { DataSource } from 'typeorm';

/** An application's DataSource on a database, whichever kind its URL names. */
export function connect(url: string, poolSize = 20): Promise<DataSource> {
  const dataSource = isPostgres(url)
    ? new DataSource({ type: 'postgres', url, poolSize, poolErrorHandler: () => undefined })
    : new DataSource({ type: 'mariadb', url: url.replace(/^mariadb:/, 'mysql:'), poolSize });
  return dataSource.initialize();
}

/** Tenon's store over it. */
export function storeOn(dataSource: DataSource): Store {
  return dataSource.options.type === 'postgres'
    ? postgresStore({ dataSource })
    : mysqlStore({ dataSource });
}

function isPostgres(url: string): boolean {
  return url.startsWith('postgres');
}
