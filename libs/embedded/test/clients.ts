import Redis from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

import { type EmbeddedServer, startMariadb, startPostgres, startRedis } from '@tenon/embedded';

interface Kind {
  start(options: { dataDir: string; port?: number }): Promise<EmbeddedServer>;
  /** Stores one value through a real client. */
  write(url: string, value: string): Promise<unknown>;
  /** Returns the value last stored. */
  read(url: string): Promise<unknown>;
}

/** The server that a test of each kind needs this machine to have. */
export const SERVERS = { postgres: 'postgres18', mariadb: 'mariadb', redis: 'redis' } as const;

/** Each kind of server, with a client that proves that it serves and keeps what it was given. */
export const KINDS: Readonly<Record<'postgres' | 'mariadb' | 'redis', Kind>> = {
  postgres: {
    // Not to lose data when it is killed needs no fsync; only a power cut does.
    start: (options) => startPostgres({ ...options, settings: { fsync: 'off' } }),
    async write(url, value) {
      await onPostgres(url, 'CREATE TABLE IF NOT EXISTS kept (value text)');
      await onPostgres(url, `INSERT INTO kept VALUES ('${value}')`);
    },
    read: async (url) => (await onPostgres(url, 'SELECT value FROM kept'))[0],
  },
  mariadb: {
    start: startMariadb,
    async write(url, value) {
      await onMariadb(url, 'CREATE TABLE IF NOT EXISTS kept (value text)');
      await onMariadb(url, `INSERT INTO kept VALUES ('${value}')`);
    },
    read: async (url) => (await onMariadb(url, 'SELECT value FROM kept'))[0],
  },
  redis: {
    // What Redis was given in its last second may go with a crash, unless it is told otherwise.
    start: (options) => startRedis({ ...options, settings: { appendfsync: 'always' } }),
    write: (url, value) => onRedis(url, (redis) => redis.set('kept', value)),
    read: (url) => onRedis(url, (redis) => redis.get('kept')),
  },
};

async function onPostgres(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<[unknown]>({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function onMariadb(url: string, sql: string): Promise<unknown[]> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return [rows].flat(2);
  } finally {
    await connection.end();
  }
}

async function onRedis<T>(url: string, action: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined); // The command that fails says it too.
  try {
    return await action(redis);
  } finally {
    redis.disconnect();
  }
}
