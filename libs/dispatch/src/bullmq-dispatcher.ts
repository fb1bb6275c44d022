import { setTimeout as sleep } from 'node:timers/promises';

import {
  type Dispatcher,
  type DispatchHandlers,
  TenonError,
  type Ticket,
  UsageError,
} from '@tenon/core';

import { encodeChunk } from './chunk';
import { Coalesced } from './coalesced';
import { Consumers } from './consumers';
import type { Line, QueueServer } from './line';
import { type BullmqDispatcherOptions, checkOptions } from './options';
import { postgresServer } from './postgres/postgres-server';
import { redisServer } from './redis/redis-server';
import { TickWatch } from './tick-watch';
import { lineOf, Warner } from './warner';
import { isSilent, isTimeout, within } from './within';

const SCHEDULER_ID = 'tenon-relay';
/** Between two attempts to connect, in milliseconds. */
const RETRY_MS = 500;
/** Nothing that has ended is kept, and nothing is tried again: what is due is known to the database. */
const JOB = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

/**
 * The dispatcher on BullMQ, in Redis or in PostgreSQL.
 *
 * The queue may be away or be wiped at any time, also when this starts: `open` then resolves with a warning, everything
 * else rejects quickly with `TENON_QUEUE_UNAVAILABLE` until the queue is back, and the work goes on without it.
 *
 * @example
 * bullmqDispatcher({ redis: { url: 'redis://127.0.0.1:6379' } })
 * bullmqDispatcher({ postgres: { url: 'postgres://127.0.0.1/shop' } })
 */
export function bullmqDispatcher(options: BullmqDispatcherOptions): Dispatcher {
  checkOptions(options);
  const { prefix = 'tenon', timeoutMs = 2_000, closeTimeoutMs = 10_000 } = options;
  const print = options.warn ?? ((line: string) => console.warn(line));
  const common = { prefix, timeoutMs, warner: new Warner(print) };
  const server =
    options.redis === undefined
      ? postgresServer({ ...common, target: options.postgres })
      : redisServer({ ...common, target: options.redis });
  return new BullmqDispatcher({ ...common, closeTimeoutMs, server });
}

interface Dependencies {
  readonly server: QueueServer;
  readonly warner: Warner;
  readonly timeoutMs: number;
  readonly closeTimeoutMs: number;
}

/** A line in use, until something is found to be wrong with it. */
interface Connection {
  readonly line: Line;
  readonly consumers: Consumers | null;
  /** Resolves with the reason when the line has to be built anew. */
  readonly broken: Promise<string>;
  readonly breakUp: (reason: string) => void;
}

class BullmqDispatcher implements Dispatcher {
  readonly description: string;
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly watch = new TickWatch();
  private readonly wakes: Coalesced;
  private handlers: DispatchHandlers | null = null;
  private connection: Connection | null = null;
  private keeping: Promise<void> = Promise.resolve();
  private closed: Promise<void> | null = null;
  private isSchedulerDead = false;
  private sent = 0;

  constructor(private readonly deps: Dependencies) {
    this.description = deps.server.description;
    this.wakes = new Coalesced(async () => this.connection?.line.publish(), deps.server.wakeGapMs);
  }

  async open(handlers: DispatchHandlers | null): Promise<void> {
    this.handlers = handlers;
    try {
      await this.connect();
    } catch (error) {
      if (error instanceof UsageError) throw error;
      this.deps.warner.warn(
        `${this.description} does not answer (${lineOf(error)}). The work goes on without it until it does.`,
      );
    }
    this.keeping = this.keepConnected();
  }

  async send(chunks: readonly (readonly Ticket[])[]): Promise<void> {
    const jobs = chunks.map((tickets) => ({
      name: 'chunk',
      data: encodeChunk(tickets),
      opts: JOB,
    }));
    await this.ask('take chunks', ({ line }) => line.chunks.addBulk(jobs));
    this.sent += chunks.length;
  }

  waitingChunks(): Promise<number> {
    return this.ask('count its chunks', ({ line }) => line.chunks.getWaitingCount());
  }

  wake(): void {
    if (!this.closing.signal.aborted) this.wakes.ask();
  }

  async hasScheduler(): Promise<boolean> {
    return this.ask('show its scheduler', async ({ line, consumers }) => {
      const found = await line.ticks.getJobScheduler(SCHEDULER_ID);
      if (found?.next === undefined || found.every === undefined) return false;
      if (consumers === null || consumers.isTicking) this.watch.reset();
      this.isSchedulerDead = !this.watch.isAlive(found.next, found.every);
      if (this.isSchedulerDead) this.deps.warner.warn('the scheduler is there and does not tick');
      return !this.isSchedulerDead;
    });
  }

  async ensureScheduler(everyMs: number): Promise<void> {
    await this.ask('set its scheduler', ({ line }) =>
      line.alone(async () => {
        const found = await line.ticks.getJobScheduler(SCHEDULER_ID);
        if (found?.every === everyMs && !this.isSchedulerDead) return;
        // A scheduler that is made begins at once; one that is changed may wait for the slot that it had.
        if (found !== undefined) await line.ticks.removeJobScheduler(SCHEDULER_ID);
        await line.ticks.upsertJobScheduler(
          SCHEDULER_ID,
          { every: everyMs },
          { name: 'tick', opts: JOB },
        );
        this.isSchedulerDead = false;
        this.watch.reset();
      }),
    );
  }

  sentJobs(): number {
    return this.sent;
  }

  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    const { warner, timeoutMs, closeTimeoutMs } = this.deps;
    this.closing.abort();
    await this.keeping;
    try {
      await within(closeTimeoutMs, 'adopting chunks', Promise.all(this.running));
    } catch (error) {
      warner.warn(`closing without waiting any longer: ${lineOf(error)}`);
    }
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    const isReachable = await within(timeoutMs, 'closing', connection.line.ping()).then(
      () => true,
      () => false,
    );
    await discard(connection, isReachable);
  }

  private async ask<R>(what: string, work: (connection: Connection) => Promise<R>): Promise<R> {
    const { connection } = this;
    if (connection === null) {
      throw new TenonError('TENON_QUEUE_UNAVAILABLE', `${this.description} is not connected.`);
    }
    try {
      return await within(this.deps.timeoutMs, 'its answer', work(connection));
    } catch (error) {
      const { line, breakUp } = connection;
      if (line.isLasting(error)) breakUp(lineOf(error));
      if (isTimeout(error)) {
        void isSilent(this.deps.timeoutMs, () => line.ping()).then((isDead) => {
          if (isDead) breakUp('the server does not answer');
        });
      }
      throw new TenonError(
        'TENON_QUEUE_UNAVAILABLE',
        `${this.description} did not ${what}: ${lineOf(error)}`,
        { cause: error },
      );
    }
  }

  private async connect(): Promise<void> {
    const line = await this.deps.server.connect();
    let breakUp: (reason: string) => void = () => undefined;
    const broken = new Promise<string>((resolve) => (breakUp = resolve));
    const { handlers, running } = this;
    const consumers =
      handlers === null
        ? null
        : new Consumers({
            line,
            handlers,
            running,
            warner: this.deps.warner,
            stopping: this.closing.signal,
            onBroken: breakUp,
          });
    const connection = { line, consumers, broken, breakUp };
    try {
      await consumers?.start();
      if (handlers !== null) await line.subscribe(() => handlers.onWake());
    } catch (error) {
      await discard(connection, false);
      throw error;
    }
    if (this.closing.signal.aborted) await discard(connection, false);
    else this.connection = connection;
  }

  /** The servers' drivers reconnect by themselves; what they and BullMQ do not survive is built anew here. */
  private async keepConnected(): Promise<void> {
    const { signal } = this.closing;
    const closing = new Promise<null>((resolve) => {
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    while (!signal.aborted) {
      const { connection } = this;
      if (connection === null) {
        await this.reconnect(signal);
        continue;
      }
      const reason = await Promise.race([connection.broken, closing]);
      if (reason === null) return;
      this.deps.warner.warn(`connecting anew: ${reason}`);
      this.connection = null;
      await discard(connection, false);
      await rest(signal);
    }
  }

  private async reconnect(signal: AbortSignal): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      this.deps.warner.warn(lineOf(error));
      await rest(signal);
    }
  }
}

async function rest(signal: AbortSignal): Promise<void> {
  await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
}

async function discard({ line, consumers }: Connection, isReachable: boolean): Promise<void> {
  await consumers?.close(isReachable);
  line.cut();
}
