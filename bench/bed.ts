import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Dispatcher, Store } from '@tenon/core';
import { bullmqDispatcher } from '@tenon/dispatch';
import { startMariadb, startPostgres, startRedis, type EmbeddedServer } from '@tenon/embedded';
import { mysqlStore, postgresStore } from '@tenon/store';
import { DataSource } from 'typeorm';

/** A database and a queue that are made for one benchmark. */
export interface Bed {
  readonly description: string;
  readonly dataSource: DataSource;
  readonly isPostgres: boolean;
  makeStore(): Store;
  makeDispatcher(): Dispatcher;
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
  const isPostgres = dbUrl.startsWith('postgres');
  const url =
    options.db === 'embedded' || options.db === 'mariadb'
      ? await ownDatabase(dbUrl, isPostgres)
      : dbUrl;
  const dataSource = await dataSourceOf(url, isPostgres).initialize();
  return {
    description: `${isPostgres ? 'PostgreSQL' : 'MariaDB'} (${options.db === 'embedded' || options.db === 'mariadb' ? 'private' : 'given'}), queue on ${redisUrl === null ? 'PostgreSQL' : 'Redis'}`,
    dataSource,
    isPostgres,
    makeStore: () => (isPostgres ? postgresStore({ dataSource }) : mysqlStore({ dataSource })),
    makeDispatcher: () =>
      bullmqDispatcher(
        redisUrl === null
          ? { postgres: { url } }
          : { redis: { url: redisUrl }, prefix: `bench${process.pid}` },
      ),
    close: async () => {
      await dataSource.destroy();
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function dataSourceOf(url: string, isPostgres: boolean): DataSource {
  return isPostgres
    ? new DataSource({ type: 'postgres', url, poolSize: 20 })
    : new DataSource({ type: 'mariadb', url: url.replace(/^mariadb:/, 'mysql:'), poolSize: 20 });
}

/** A database of its own, so that the server's counters count nothing else. */
async function ownDatabase(serverUrl: string, isPostgres: boolean): Promise<string> {
  const server = await dataSourceOf(serverUrl, isPostgres).initialize();
  await server.query('CREATE DATABASE tenon_bench');
  await server.destroy();
  const url = new URL(serverUrl);
  url.pathname = '/tenon_bench';
  return url.toString();
}
