import Redis, { type ChainableCommander } from 'ioredis';

/** A moment at which Redis had chunks in hand. */
export interface BusyMoment {
  /** Chunks that waited for a worker. */
  readonly queued: number;
  /** Chunks that a worker was adopting. */
  readonly active: number;
  /** Of the events after it, in BullMQ's streams. */
  readonly eventId: string;
}

/** For how long Redis is held still before it is killed, so that it dies as it was seen, in milliseconds. */
const STILL_MS = 200;

/** One step inside Redis: no chunk can be taken between the look and the wipe. */
const FLUSH_IF_BUSY = `
local queued, active = redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2])
local now = redis.call('TIME')
if queued + active > 0 then redis.call('FLUSHALL') end
return {queued, active, now}`;

/** Looks from outside at BullMQ's own keys in a Redis, and does not trust what the instances say of it. */
export class QueueProbe {
  private readonly redis: Redis;
  /** A connection of its own for reads that wait. */
  private readonly listener: Redis;
  private lastChunkEvent = '$';

  constructor(
    url: string,
    private readonly prefix: string,
  ) {
    const options = { retryStrategy: () => 50, maxRetriesPerRequest: null };
    this.redis = new Redis(url, options);
    this.listener = new Redis(url, options);
    // It is going to be killed; what is asked meanwhile is asked again when it is back.
    for (const connection of [this.redis, this.listener]) connection.on('error', () => undefined);
  }

  /** Resolves when something happens to a chunk, or after `msMax`. */
  async nextChunkEvent(msMax: number): Promise<void> {
    const entries = await this.read(msMax, this.key('chunks', 'events'), this.lastChunkEvent);
    this.lastChunkEvent = entries.at(-1)?.[0] ?? this.lastChunkEvent;
  }

  /** FLUSHALL if there are chunks in the queue; null, and nothing done, if there are none. */
  async flushIfBusy(): Promise<BusyMoment | null> {
    const keys = [this.key('chunks', 'wait'), this.key('chunks', 'active')];
    const [queued, active, now] = (await this.redis.eval(FLUSH_IF_BUSY, keys.length, keys)) as [
      number,
      number,
      Time,
    ];
    return momentOf(queued, active, now);
  }

  /**
   * Holds Redis still for a moment, in which nothing in it changes, if there are chunks in the queue; null if there are
   * none. Whoever kills it then asks `isStill` whether the moment had lasted.
   */
  async holdIfBusy(): Promise<{ moment: BusyMoment; isStill: () => boolean } | null> {
    // Most looks find nothing, and would hold the queue up for it.
    if (momentOf(...(await this.look(this.redis.multi()))) === null) return null;
    const sinceMs = performance.now();
    const held = await this.look(this.redis.multi().client('PAUSE', STILL_MS, 'ALL'));
    const moment = momentOf(...held);
    return moment && { moment, isStill: () => performance.now() - sinceMs < STILL_MS };
  }

  /** Whether a tick of the scheduler went all the way through BullMQ behind `moment`, within `msMax`. */
  async hasTickedSince({ eventId }: BusyMoment, msMax: number): Promise<boolean> {
    const deadlineMs = performance.now() + msMax;
    let lastId = eventId;
    while (true) {
      const leftMs = Math.floor(deadlineMs - performance.now());
      if (leftMs <= 0) return false;
      const entries = await this.read(leftMs, this.key('ticks', 'events'), lastId);
      if (entries.some(([, fields]) => fields.includes('completed'))) return true;
      lastId = entries.at(-1)?.[0] ?? lastId;
    }
  }

  close(): void {
    this.redis.disconnect();
    this.listener.disconnect();
  }

  private async read(msMax: number, stream: string, afterId: string): Promise<readonly Entry[]> {
    const answer = await this.listener.xread('BLOCK', msMax, 'STREAMS', stream, afterId);
    return answer?.[0]?.[1] ?? [];
  }

  private async look(transaction: ChainableCommander): Promise<[number, number, Time]> {
    const results = await transaction
      .llen(this.key('chunks', 'wait'))
      .llen(this.key('chunks', 'active'))
      .time()
      .exec();
    return (results ?? []).slice(-3).map(([, answer]) => answer) as [number, number, Time];
  }

  private key(queue: 'chunks' | 'ticks', part: string): string {
    return `${this.prefix}:${queue}:${part}`;
  }
}

/** Seconds and microseconds, as text. */
type Time = readonly [string, string];
/** Of a stream: its id and its fields. */
type Entry = readonly [string, readonly string[]];

function momentOf(queued: number, active: number, [seconds, micros]: Time): BusyMoment | null {
  if (queued + active === 0) return null;
  // Ids of events are the server's milliseconds; with this counter, whatever happened in the same one lies before it.
  return {
    queued,
    active,
    eventId: `${seconds}${micros.padStart(6, '0').slice(0, 3)}-${EVENTS_PER_MS_MAX}`,
  };
}

const EVENTS_PER_MS_MAX = 1_000_000;
