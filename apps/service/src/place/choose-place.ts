import { resolve } from 'node:path';
import { findProgram, startPostgres, startRedis, type EmbeddedServer } from '@tenon/embedded';
import { DatabaseUrl, SettingError } from '../database/database-url';
import { makeDatabase } from '../database/make-database';
import type { Settings } from '../settings';
import type { Place, Queue } from './place';

/** The service's database on a PostgreSQL of its own. */
const OWN_DATABASE = 'tenon';
/** Connections that several processes of the service may open, pools and the engine's own together. */
const OWN_CONNECTIONS_MAX = 300;

/** A place with the servers that were started for it. */
export interface ChosenPlace extends Place {
  /** For people: which servers these are, without a password. */
  readonly shown: string;
  /** Stops the servers that were started here. */
  stop(): Promise<void>;
}

type Wanted = Pick<Settings, 'database' | 'redisUrl' | 'dataFolder' | 'queuePrefix'>;

/**
 * Where this process keeps its data: the servers that the settings name, and private ones for those that they do not.
 *
 * @throws SettingError, or what `@tenon/embedded` throws when a server is not to be had: each names the cure
 */
export async function choosePlace(
  wanted: Wanted,
  say: (message: string) => void,
): Promise<ChosenPlace> {
  const started: EmbeddedServer[] = [];
  const stop = async (): Promise<void> => {
    // The last one first: the queue before the database.
    for (const server of started.splice(0).reverse()) await server.stop();
  };
  try {
    const needsRedis = wanted.redisUrl === null && wanted.database?.family === 'mysql';
    if (needsRedis) await requireRedisServer();
    const database = wanted.database ?? (await privateDatabase(wanted.dataFolder, started, say));
    const queue = needsRedis
      ? await privateRedis(wanted, started)
      : queueOf(wanted.redisUrl, wanted.queuePrefix);
    const name = wanted.database === null ? 'embedded PostgreSQL' : NAMES[database.family];
    const folder = started.length > 0 ? ` (data in ${resolve(wanted.dataFolder)})` : '';
    const shown = `${name} at ${database.shown}; BullMQ ${shownQueue(queue, needsRedis)}${folder}`;
    return { database, queue, shown, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const NAMES = { postgres: 'PostgreSQL', mysql: 'MariaDB/MySQL' } as const;

async function privateDatabase(
  dataFolder: string,
  started: EmbeddedServer[],
  say: (message: string) => void,
): Promise<DatabaseUrl> {
  const dataDir = resolve(dataFolder, 'postgres');
  const settings = { max_connections: String(OWN_CONNECTIONS_MAX) };
  const server = await startPostgres({ dataDir, settings });
  started.push(server);
  const url = DatabaseUrl.parse(server.url, 'the embedded PostgreSQL').withDatabase(null);
  await makeDatabase(url, OWN_DATABASE, say);
  return url.withDatabase(OWN_DATABASE);
}

async function requireRedisServer(): Promise<void> {
  if ((await findProgram('redis-server')) ?? (await findProgram('valkey-server'))) return;
  throw new SettingError(
    'REDIS_URL is not set. On MariaDB and MySQL the queue needs Redis: name one, like REDIS_URL=redis://host:6379, ' +
      'or install redis-server, and a private one is started.',
  );
}

async function privateRedis(
  { dataFolder, queuePrefix }: Wanted,
  started: EmbeddedServer[],
): Promise<Queue> {
  const server = await startRedis({ dataDir: resolve(dataFolder, 'redis') });
  started.push(server);
  return { kind: 'redis', url: server.url, prefix: queuePrefix };
}

function queueOf(redisUrl: string | null, prefix: string): Queue {
  return redisUrl === null ? { kind: 'postgres' } : { kind: 'redis', url: redisUrl, prefix };
}

function shownQueue(queue: Queue, isPrivate: boolean): string {
  if (queue.kind === 'postgres') return 'in the same database';
  return `on ${isPrivate ? 'a private Redis' : 'Redis'} at ${new URL(queue.url).host}`;
}
