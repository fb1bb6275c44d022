import Redis from 'ioredis';
import { SettingError } from '../database/database-url';

/** How long a Redis may take to answer before it counts as not there, in milliseconds. */
const ANSWER_MS_MAX = 5_000;

/** @throws SettingError when no Redis answers at `url` */
export async function requireRedis(url: string): Promise<void> {
  try {
    await withRedis(url, (redis) => redis.ping());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SettingError(
      `Redis at ${new URL(url).host} does not answer (${why}). Start it, correct its address in --redis or ` +
        'REDIS_URL, or give --redis auto for a private one.',
      { cause: error },
    );
  }
}

/** Deletes the keys that begin with `prefix:`, and no others. */
export async function deleteKeys(url: string, prefix: string): Promise<void> {
  await withRedis(url, async (redis) => {
    for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
      const found = keys as string[];
      if (found.length > 0) await redis.unlink(found);
    }
  });
}

async function withRedis(url: string, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ANSWER_MS_MAX,
    commandTimeout: ANSWER_MS_MAX,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The call that fails only says that there is no connection; why there is none is told here.
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason = error));
  try {
    await redis.connect();
    await work(redis);
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}
