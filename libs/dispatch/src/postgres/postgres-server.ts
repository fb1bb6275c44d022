import { setTimeout as sleep } from 'node:timers/promises';

import { UsageError } from '@tenon/core';
import {
  createPostgresBackend,
  type PgPool,
  Queue,
  runMigrations,
  SchemaMigrationRequiredError,
  SchemaVersionMismatchError,
  UnsupportedPostgresVersionError,
  Worker,
} from 'bullmq';
import type * as Pg from 'pg';
import type { Client, Pool, PoolConfig } from 'pg';

import { KEEP_ALIVE_MS, type Line, QUEUE_OPTIONS, type QueueServer, WORKER_OPTIONS } from '../line';
import { lineOf, type Warner } from '../warner';
import { postgresAddress, type PostgresTarget } from './postgres-target';

interface Dependencies {
  readonly target: PostgresTarget;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly warner: Warner;
}

/** One per worker to listen on, and a few for queries. */
const CONNECTIONS_MAX = 6;
const QUERY_TIMEOUT_MS = 5_000;
/** Many processes that start together migrate one after another. */
const MIGRATION_TIMEOUT_MS = 60_000;
/** Invalid schema name, undefined table, undefined function: somebody has dropped the schema of BullMQ. */
const SCHEMA_GONE = new Set(['3F000', '42P01', '42883']);

/** The queues in PostgreSQL, in BullMQ's own schema `bullmq`. */
export function postgresServer(deps: Dependencies): QueueServer {
  const { target, prefix, timeoutMs, warner } = deps;
  const address = postgresAddress(target);
  const config: PoolConfig = {
    application_name: 'tenon-dispatch',
    ...address.config,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    max: Math.max(CONNECTIONS_MAX, address.config.max ?? 0),
  };

  return {
    description: `BullMQ on PostgreSQL ${address.description}`,
    // Each is a small commit, and takes a lock that is held across it.
    wakeGapMs: 10,
    connect: async (): Promise<Line> => {
      const pg = await loadPg();
      await migrate(new pg.Client({ ...config, query_timeout: MIGRATION_TIMEOUT_MS }));
      return lineOver(new pg.Pool(config), () => new pg.Client(config));
    },
  };

  function lineOver(pool: Pool, newClient: () => Client): Line {
    // BullMQ describes the driver it needs by an interface of its own, which pg's types fit but for their overloads.
    const connection = pool as unknown as PgPool;
    const clients = new Set<unknown>();
    const ending = new AbortController();
    const channel = `${prefix}_wake`;
    const warn = (error: unknown): void => {
      if (!ending.signal.aborted) warner.warn(lineOf(error));
    };
    pool.on('error', warn);
    pool.on('connect', (client) => {
      clients.add(client);
      // The pool watches only those that nobody uses, and BullMQ not all that it uses: an error that nobody hears ends
      // the process. Whatever was under way on the connection is rejected besides.
      client.on('error', warn);
    });
    pool.on('remove', (client) => clients.delete(client));

    const newQueue = (name: string) => {
      const queue = new Queue(
        `${prefix}-${name}`,
        { ...QUEUE_OPTIONS, connection },
        createPostgresBackend,
      );
      queue.on('error', warn);
      return queue;
    };

    /** Listens on a connection of its own, and resolves when that has ended. */
    const listen = async (onWake: () => void, onListening: () => void): Promise<void> => {
      const client = newClient();
      client.on('error', warn);
      clients.add(client);
      try {
        const ended = new Promise<void>((resolve) => client.once('end', resolve));
        client.on('notification', onWake);
        await client.connect();
        await client.query(`LISTEN "${channel}"`);
        onListening();
        // Something may have been missed before.
        onWake();
        await ended;
      } catch (error) {
        warn(error);
      } finally {
        clients.delete(client);
        destroy(client);
      }
    };

    return {
      chunks: newQueue('chunks'),
      ticks: newQueue('ticks'),
      newWorker: (name, process, onError) => {
        const worker = new Worker(
          `${prefix}-${name}`,
          process,
          // Notified of jobs, so it needs no poll; a look now and then costs three queries.
          { ...WORKER_OPTIONS, drainDelay: 15, connection },
          createPostgresBackend,
        ).on('error', onError);
        return {
          waitUntilReady: () => worker.waitUntilReady(),
          run: () => worker.run(),
          close: async (force) => {
            // By force BullMQ does not end its wait for a job, whose timer keeps the process alive.
            if (force === true) await worker.getBackend().disconnectBlocking();
            await worker.close(force);
          },
        };
      },
      publish: () => pool.query('SELECT pg_notify($1, $2)', [channel, '']),
      subscribe: (onWake) =>
        new Promise((resolve) => {
          const relisten = async (): Promise<void> => {
            while (!ending.signal.aborted) {
              await listen(onWake, resolve);
              // Never the reason why a start fails: the poll finds what a wake-up would have told.
              resolve();
              await sleep(500, undefined, { signal: ending.signal }).catch(() => undefined);
            }
          };
          void relisten();
        }),
      // Schedulers that are made at the same moment get in each other's way here: extra ticks, and errors.
      alone: async (work) => {
        // Not of the pool: whoever waits for the lock would keep its holder from working.
        const client = newClient();
        clients.add(client);
        client.on('error', warn);
        try {
          await client.connect();
          await client.query('SELECT pg_advisory_lock(hashtext($1))', [channel]);
          await work();
        } finally {
          clients.delete(client);
          void client.end().catch(() => undefined);
        }
      },
      ping: () => pool.query('SELECT 1'),
      // They use the pool, which drops a connection whose query was not answered in time.
      pingWorkers: () => Promise.resolve(),
      isLasting: (error) =>
        error instanceof SchemaMigrationRequiredError || SCHEMA_GONE.has(codeOf(error)),
      cut: () => {
        ending.abort();
        pool.end().catch(() => undefined);
        for (const client of clients) destroy(client);
      },
    };
  }
}

async function migrate(client: Client): Promise<void> {
  // Whatever happens to the connection rejects the query that is under way.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await runMigrations(client);
  } catch (error) {
    if (error instanceof UnsupportedPostgresVersionError) {
      throw new UsageError(
        'TENON_USAGE',
        `This PostgreSQL is too old for the queue: ${lineOf(error)} Upgrade it, or keep the queue in Redis.`,
        { cause: error },
      );
    }
    if (error instanceof SchemaVersionMismatchError) {
      throw new UsageError(
        'TENON_USAGE',
        `The schema "bullmq" was made by a newer BullMQ: ${lineOf(error)} Upgrade the package bullmq here.`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    destroy(client);
  }
}

/** Ends a client now. Asking it to end waits for an answer, which a server that hangs does not give. */
function destroy(client: unknown): void {
  const { connection } = client as {
    readonly connection?: { readonly stream?: { destroy(): unknown } };
  };
  connection?.stream?.destroy();
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

async function loadPg(): Promise<typeof Pg> {
  try {
    return await import('pg');
  } catch (error) {
    throw new UsageError(
      'TENON_USAGE',
      'The queue on PostgreSQL needs the package pg: npm install pg',
      {
        cause: error,
      },
    );
  }
}
