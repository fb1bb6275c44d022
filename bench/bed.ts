import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Dispatcher, Store } from '@tenon/core';
import { bullmqDispatcher } from '@tenon/dispatch';
import { startMariadb, startPostgres, startRedis, type EmbeddedServer } from '@tenon/embedded';
import { mysqlStore, postgresStore } from '@tenon/store';
import { DataSource } from 'typeorm';

/** Where a database is, and the queue that belongs to it. */
export interface Place {
  readonly url: string;
  /** Null: the queue is in the database. */
  readonly redisUrl: string | null;
  readonly prefix: string;
}

/** A database with a queue, for engines to run on. */
export interface Ground {
  readonly place: Place;
  readonly dataSource: DataSource;
  readonly isPostgres: boolean;
  makeStore(): Store;
  makeDispatcher(): Dispatcher;
}

/** A database and a queue that are made for one benchmark. */
export interface Bed extends Ground {
  readonly description: string;
  /** Makes a second database on the same server, with a queue of its own. It goes when the bed is closed. */
  second(): Promise<Ground>;
  close(): Promise<void>;
}

/** Starts (or connects to) what the options name. Servers keep their durable settings: a commit is a commit. */
export async function openBed(options: {
  readonly db: string;
  readonly redis: string;
}): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'tenon-bench-'));
  await chmod(folder, 0o711);
  const servers: EmbeddedServer[] = [];
  const started = async (server: Promise<EmbeddedServer>): Promise<string> => {
    servers.push(await server);
    return servers.at(-1)?.url ?? '';
  };
  const dbUrl =
    options.db === 'embedded'
      ? await started(
          startPostgres({
            dataDir: join(folder, 'postgres'),
            settings: { max_connections: '200' },
          }),
        )
      : options.db === 'mariadb'
        ? await started(startMariadb({ dataDir: join(folder, 'mariadb') }))
        : options.db;
  const redisUrl =
    options.redis === 'auto'
      ? await started(startRedis({ dataDir: join(folder, 'redis') }))
      : options.redis === 'none'
        ? null
        : options.redis;
  const isOwn = options.db === 'embedded' || options.db === 'mariadb';
  const url = isOwn ? await makeDatabase(dbUrl, 'tenon_bench') : dbUrl;
  const place = { url, redisUrl, prefix: `bench${process.pid}` };
  const first = await openGround(place);
  const cleanUp: (() => Promise<void>)[] = [];
  const server = first.isPostgres ? 'PostgreSQL' : 'MariaDB';
  const queue = redisUrl === null ? 'PostgreSQL' : 'Redis';
  return {
    ...first,
    description: `${server} (${isOwn ? 'private' : 'given'}), queue on ${queue}`,
    second: async () => {
      const name = `tenon_bench_${process.pid}`;
      const ground = await openGround({
        url: await makeDatabase(url, name),
        redisUrl,
        prefix: `${place.prefix}second`,
      });
      cleanUp.push(async () => {
        await ground.dataSource.destroy();
        await first.dataSource.query(`DROP DATABASE ${name}`);
      });
      return ground;
    },
    close: async () => {
      for (const clean of cleanUp) await clean();
      await first.dataSource.destroy();
      await Promise.all(servers.map((each) => each.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Connects to a database that is there. */
export async function openGround(place: Place): Promise<Ground> {
  const { url, redisUrl, prefix } = place;
  const isPostgres = url.startsWith('postgres');
  const dataSource = await dataSourceOf(url).initialize();
  return {
    ...{ place, dataSource, isPostgres },
    makeStore: () => (isPostgres ? postgresStore({ dataSource }) : mysqlStore({ dataSource })),
    makeDispatcher: () =>
      bullmqDispatcher(
        redisUrl === null ? { postgres: { url } } : { redis: { url: redisUrl }, prefix },
      ),
  };
}

function dataSourceOf(url: string): DataSource {
  return url.startsWith('postgres')
    ? new DataSource({ type: 'postgres', url, poolSize: 20 })
    : new DataSource({ type: 'mariadb', url: url.replace(/^mariadb:/, 'mysql:'), poolSize: 20 });
}

/** A database of its own, so that the server's counters count nothing else. Answers its URL. */
async function makeDatabase(serverUrl: string, name: string): Promise<string> {
  const server = await dataSourceOf(serverUrl).initialize();
  await server.query(`CREATE DATABASE ${name}`);
  await server.destroy();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}
