import { bullmqDispatcher } from '@tenon/dispatch';
import type { EngineOptions } from '@tenon/engine';
import type { DataSource } from 'typeorm';
import { tenonStore } from '../database/migrate-all';
import type { Place } from './place';

/** The engine on the place's database and queue. */
export function engineOptions({ database, queue }: Place, dataSource: DataSource): EngineOptions {
  return {
    store: tenonStore(dataSource),
    dispatcher: bullmqDispatcher(
      queue.kind === 'redis'
        ? { redis: { url: queue.url }, prefix: queue.prefix }
        : { postgres: { url: database.text } },
    ),
  };
}
