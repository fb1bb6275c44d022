import { UsageError } from '@tenon/core';
import { Queue, Worker } from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';

import { KEEP_ALIVE_MS, type Line, QUEUE_OPTIONS, type QueueServer, WORKER_OPTIONS } from '../line';
import { lineOf, type Warner } from '../warner';
import { within } from '../within';
import { judgeRedis } from './redis-health';
import { redisAddress, type RedisTarget } from './redis-target';

interface Dependencies {
  readonly target: RedisTarget;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly warner: Warner;
}

/** Connections that are opened one by one and cut together. */
interface Family {
  readonly open: (how: RedisOptions) => Redis;
  readonly cut: () => void;
}

/** The queues in Redis, through ioredis. */
export function redisServer(deps: Dependencies): QueueServer {
  const { target, prefix, timeoutMs, warner } = deps;
  const { url, options, description } = redisAddress(target);

  function family(RedisClient: typeof Redis): Family {
    const members: Redis[] = [];
    const open = (how: RedisOptions): Redis => {
      const all = {
        ...options,
        keyPrefix: '', // BullMQ refuses any other; its own prefix does the same.
        keepAlive: KEEP_ALIVE_MS,
        connectTimeout: timeoutMs,
        lazyConnect: false,
        retryStrategy: (times: number) => Math.min(times * 100, 1_000),
        // After a fail-over the old primary refuses to write: connecting anew finds the one that took over.
        reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
        ...how,
      };
      const client = url === null ? new RedisClient(all) : new RedisClient(url, all);
      client.on('error', (error) => warner.warn(lineOf(error)));
      // BullMQ duplicates the connection that it is given for the reads that wait.
      client.duplicate = (override) => open({ ...how, ...override });
      members.push(client);
      return client;
    };
    const cut = (): void => {
      for (const client of members) {
        if (client.status === 'end') continue;
        client.disconnect();
        // Disconnecting only says goodbye, and a server that hangs never answers that.
        const stream = client.stream as Redis['stream'] | undefined;
        stream?.destroy();
      }
    };
    return { open, cut };
  }

  return {
    description: `BullMQ on Redis ${description}`,
    wakeGapMs: 1,
    connect: async (): Promise<Line> => {
      const connections = family(await loadRedisClient());
      try {
        // It fails at once instead of keeping commands for later: the database keeps what could not be sent.
        const sender = connections.open({
          lazyConnect: true,
          enableOfflineQueue: false,
          maxRetriesPerRequest: 0,
          autoResendUnfulfilledCommands: false,
          commandTimeout: timeoutMs,
        });
        await within(timeoutMs, 'connecting to Redis', sender.connect());
        const warning = judgeRedis(await sender.info());
        if (warning !== null) warner.warn(warning);
        return lineOver(sender, connections);
      } catch (error) {
        connections.cut();
        throw error;
      }
    },
  };

  function lineOver(sender: Redis, { open, cut }: Family): Line {
    const patient = { maxRetriesPerRequest: null, enableOfflineQueue: true };
    // Channels belong to the server and not to the numbered database.
    const channel = `${prefix}:wake:${sender.options.db ?? 0}`;
    const newQueue = (name: string): Queue => {
      // Its version has been looked at; a look of BullMQ's own that fails would be remembered for ever.
      const queue = new Queue(name, {
        ...QUEUE_OPTIONS,
        connection: sender,
        prefix,
        skipVersionCheck: true,
      });
      queue.on('error', (error) => warner.warn(lineOf(error)));
      return queue;
    };
    let shared: Redis | null = null;
    return {
      chunks: newQueue('chunks'),
      ticks: newQueue('ticks'),
      newWorker: (name, process, onError) =>
        new Worker(name, process, {
          ...WORKER_OPTIONS,
          drainDelay: 2,
          connection: (shared ??= open(patient)),
          prefix,
        }).on('error', onError),
      publish: () => sender.publish(channel, ''),
      subscribe: async (onWake) => {
        const subscriber = open(patient);
        subscriber.on('message', onWake);
        // Also after every reconnection: something may have been missed meanwhile.
        subscriber.on('ready', onWake);
        await within(timeoutMs, 'subscribing at Redis', subscriber.subscribe(channel));
      },
      alone: (work) => work(),
      ping: () => sender.ping(),
      pingWorkers: async () => shared?.ping(),
      isLasting: () => false,
      cut,
    };
  }
}

async function loadRedisClient(): Promise<typeof Redis> {
  try {
    return (await import('ioredis')).Redis;
  } catch (error) {
    throw new UsageError(
      'TENON_USAGE',
      'The queue on Redis needs the package ioredis: npm install ioredis',
      { cause: error },
    );
  }
}
