import { UsageError } from '@tenon/core';

import type { PostgresTarget } from './postgres/postgres-target';
import type { RedisTarget } from './redis/redis-target';

/** Options of {@link bullmqDispatcher}, wherever the queue is kept. */
export interface CommonOptions {
  /**
   * What the queue's keys (in Redis), queues (in PostgreSQL) and channels begin with. One per database of Tenon: processes
   * that share a prefix share their work. Letters, digits, `-` and `_`, 40 at most. Default: `tenon`.
   */
  readonly prefix?: string;
  /** How long the queue may take to answer before it counts as away, in milliseconds. Default: 2,000. */
  readonly timeoutMs?: number;
  /** How long `close` waits for chunks that are being adopted, in milliseconds. Default: 10,000. */
  readonly closeTimeoutMs?: number;
  /**
   * Gets a line for people when something is wrong with the queue: each kind at most once in ten seconds, with no
   * credentials in it. Default: `console.warn`.
   */
  readonly warn?: (line: string) => void;
}

/** Options of {@link bullmqDispatcher}: where the queue is kept, and how it is used. */
export type BullmqDispatcherOptions = CommonOptions &
  (
    | {
        /** In Redis 6.2 or newer, or Valkey: the profile for production. */
        readonly redis: RedisTarget;
        readonly postgres?: never;
      }
    | {
        /** In PostgreSQL 13 or newer, in the schema `bullmq`, which is made there. Nothing else has to run. */
        readonly postgres: PostgresTarget;
        readonly redis?: never;
      }
  );

/** Throws one error that lists every fault of `options`. */
export function checkOptions(options: BullmqDispatcherOptions): void {
  const { prefix, timeoutMs, closeTimeoutMs } = options;
  const faults: string[] = [];
  if ((options.redis === undefined) === (options.postgres === undefined)) {
    faults.push('give either `redis` or `postgres`');
  }
  if (prefix !== undefined && !/^[a-z0-9_-]{1,40}$/i.test(prefix)) {
    faults.push(`\`prefix\` is ${JSON.stringify(prefix)}; use 1 to 40 letters, digits, - and _`);
  }
  for (const [name, ms] of Object.entries({ timeoutMs, closeTimeoutMs })) {
    if (ms !== undefined && !(Number.isFinite(ms) && ms > 0)) {
      faults.push(`\`${name}\` is ${ms}; it must be a positive number of milliseconds`);
    }
  }
  if (faults.length === 0) return;
  throw new UsageError('TENON_USAGE', `bullmqDispatcher: ${faults.join('; ')}.`);
}
