import { bullmqDispatcher } from '@tenon/dispatch';
import type { EngineOptions } from '@tenon/engine';
import { mysqlStore, postgresStore } from '@tenon/store';
import type { DataSource } from 'typeorm';
import type { Place } from './place';

/** The engine on the place's database and queue. */
export function engineOptions({ database, queue }: Place, dataSource: DataSource): EngineOptions {
  return {
    store:
      database.family === 'postgres' ? postgresStore({ dataSource }) : mysqlStore({ dataSource }),
    dispatcher: bullmqDispatcher(
      queue.kind === 'redis'
        ? { redis: { url: queue.url }, prefix: queue.prefix }
        : { postgres: { connectionString: database.text } },
    ),
  };
}
