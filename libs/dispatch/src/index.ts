/** The name under which this library is published. */
export const PACKAGE_NAME = '@tenon/dispatch';

export { bullmqDispatcher } from './bullmq-dispatcher';
export type { BullmqDispatcherOptions, CommonOptions } from './options';
export type { PostgresTarget } from './postgres/postgres-target';
export type { RedisTarget } from './redis/redis-target';
