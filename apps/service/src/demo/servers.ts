import { resolve } from 'node:path';
import {
  EmbeddedError,
  startMariadb,
  startPostgres,
  startRedis,
  type EmbeddedServer,
} from '@tenon/embedded';
import { DatabaseUrl, SettingError } from '../database/database-url';
import type { DemoOptions } from './options';

/** The servers that a demo works on: those it was given, and those it started for itself. */
export interface Servers {
  /** Names a database only if the user did. */
  readonly database: DatabaseUrl;
  /** The database's server was started here, so nobody else has anything on it. */
  readonly isDatabaseOwn: boolean;
  /** Null: the queue is on the database too. */
  readonly redisUrl: string | null;
  /** The Redis that was started here, if any. */
  readonly ownRedis: EmbeddedServer | null;
  /** For people: which these are, without a password. */
  readonly shown: { readonly database: string; readonly queue: string };
  /** Stops those that were started here. */
  stop(): Promise<void>;
}

type Environment = Readonly<Partial<Record<'DATABASE_URL' | 'MARIADB_URL' | 'REDIS_URL', string>>>;

/** Where the servers that the demo starts keep their data, so that the next demo finds it. */
const FOLDER = '.tenon';

/**
 * Chooses the servers, and starts those that nobody named.
 *
 * @throws SettingError, or what `@tenon/embedded` throws when a server is not to be had: each names the cure
 */
export async function chooseServers(options: DemoOptions, env: Environment): Promise<Servers> {
  const started: EmbeddedServer[] = [];
  const stop = async (): Promise<void> => {
    // The last one first: the queue before the database.
    for (const server of started.splice(0).reverse()) await server.stop();
  };
  const start = async (starting: Promise<EmbeddedServer>): Promise<EmbeddedServer> => {
    const server = await starting.catch(explainInUse);
    started.push(server);
    return server;
  };
  try {
    const database = await chooseDatabase(options, env, start);
    const redis = await chooseRedis(options, env, database.url, start);
    return {
      database: database.url,
      isDatabaseOwn: database.isOwn,
      redisUrl: redis?.url ?? null,
      ownRedis: redis?.own ?? null,
      shown: { database: database.shown, queue: redis?.shown ?? 'BullMQ in the same database' },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Start = (starting: Promise<EmbeddedServer>) => Promise<EmbeddedServer>;

/** Two demos in one folder would share servers that the first to end would stop. */
function explainInUse(error: unknown): never {
  if (!(error instanceof EmbeddedError) || error.code !== 'TENON_DATA_DIR_IN_USE') throw error;
  throw new SettingError(
    `Another demo is at work in ${resolve(FOLDER)}. Wait for its end, start this one in another folder, or name ` +
      'servers for it with --db and --redis.',
    { cause: error },
  );
}

interface ChosenDatabase {
  readonly url: DatabaseUrl;
  readonly isOwn: boolean;
  readonly shown: string;
}

async function chooseDatabase(
  { db, instances }: DemoOptions,
  env: Environment,
  start: Start,
): Promise<ChosenDatabase> {
  const place = db ?? set(env.DATABASE_URL) ?? 'embedded';
  const settings = { max_connections: String(100 + 40 * instances) };
  if (place === 'embedded') {
    const dataDir = resolve(FOLDER, 'postgres');
    const { url } = await start(startPostgres({ dataDir, settings }));
    return privateDatabase(url, 'embedded PostgreSQL', dataDir);
  }
  if (place !== 'mariadb') {
    const url = DatabaseUrl.parse(place, db === undefined ? 'DATABASE_URL' : '--db');
    return { url, isOwn: false, shown: `${NAMES[url.family]} at ${url.shown}` };
  }
  const named = set(env.MARIADB_URL);
  if (named !== undefined) {
    const url = DatabaseUrl.parse(named, 'MARIADB_URL');
    if (url.family === 'mysql')
      return { url, isOwn: false, shown: `${NAMES.mysql} at ${url.shown}` };
    throw new SettingError(
      'MARIADB_URL names a PostgreSQL. Give that one as --db or DATABASE_URL.',
    );
  }
  const dataDir = resolve(FOLDER, 'mariadb');
  const { url } = await start(startMariadb({ dataDir, settings }));
  return privateDatabase(url, 'private MariaDB', dataDir);
}

const NAMES = { postgres: 'PostgreSQL', mysql: 'MariaDB/MySQL' } as const;

function privateDatabase(text: string, name: string, dataDir: string): ChosenDatabase {
  // Its URL names a database for clients that need one; nobody asked the demo to use that.
  const url = DatabaseUrl.parse(text, name).withDatabase(null);
  return { url, isOwn: true, shown: `${name} at ${url.shown} (data in ${dataDir})` };
}

interface ChosenRedis {
  readonly url: string;
  readonly own: EmbeddedServer | null;
  readonly shown: string;
}

async function chooseRedis(
  { redis, redisFaults }: DemoOptions,
  env: Environment,
  database: DatabaseUrl,
  start: Start,
): Promise<ChosenRedis | null> {
  // Only a Redis of its own may be broken, whatever the environment names.
  const unnamed = database.family === 'postgres' ? 'none' : 'auto';
  const place = redis ?? (redisFaults > 0 ? 'auto' : (set(env.REDIS_URL) ?? unnamed));
  switch (place) {
    case 'none':
      if (database.family === 'postgres') return null;
      throw new SettingError(
        'On MariaDB and MySQL the queue needs Redis. Leave --redis out or give --redis auto for a private one, or ' +
          'name yours: --redis redis://host:6379.',
      );
    case 'auto': {
      const dataDir = resolve(FOLDER, 'redis');
      const own = await start(startRedis({ dataDir }));
      const shown = `BullMQ on a private Redis at ${new URL(own.url).host} (data in ${dataDir})`;
      return { url: own.url, own, shown };
    }
    default: {
      const source = redis === undefined ? 'REDIS_URL' : '--redis';
      if (!URL.canParse(place) || !/^rediss?:\/\/[^/]/.test(place)) {
        throw new SettingError(
          `${source} is no address of a Redis. Write it like redis://user:password@host:6379, or auto, or none.`,
        );
      }
      return { url: place, own: null, shown: `BullMQ on Redis at ${new URL(place).host}` };
    }
  }
}

/** Empty variables are as good as none: that is how shells and CI unset them. */
function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
