import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { saga, type ExternalContext } from '@tenon/core';
import { Engine, type EngineOptions } from '@tenon/engine';

import type { Ground } from './bed';
import { percentile } from './percentiles';

/** What the operations of a stream are started with. */
export interface Timed {
  readonly key: string | null;
}

class Handler {
  constructor(private readonly onCall: (id: string) => void) {}

  action({ saga: { id } }: ExternalContext<Timed>): Promise<void> {
    this.onCall(id);
    return Promise.resolve();
  }
}

/** One external step. */
export const timed = saga('timed', {
  version: 1,
  input: { parse: (payload) => payload as Timed },
  key: ({ key }) => key,
}).step('step', Handler as new () => Handler, { mode: 'external' });

/** Makes and starts an engine that calls back, as the first line of the handler, with the id of the operation. */
export async function startTimed(
  ground: Pick<Ground, 'makeStore' | 'makeDispatcher'>,
  onCall: (id: string) => void,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const engine = new Engine(
    {
      ...{ store: ground.makeStore(), dispatcher: ground.makeDispatcher() },
      ...options,
    },
    `bench:${process.pid}`,
  );
  engine.registry.add(timed);
  await engine.start(() => new Handler(onCall));
  return engine;
}

/** A steady stream of operations, each appended in a transaction of its own. */
export interface Stream {
  readonly perSecond: number;
  readonly count: number;
  readonly keyOf: (place: number) => string | null;
}

/** The instants that a stream waits for: when the handler of each operation was called. */
export class Calls {
  private readonly called = new Map<string, number>();
  private readonly waiting = new Map<string, (atMs: number) => void>();

  note(id: string, atMs: number): void {
    const tell = this.waiting.get(id);
    this.waiting.delete(id);
    if (tell === undefined) this.called.set(id, atMs);
    else tell(atMs);
  }

  of(id: string): Promise<number> {
    const atMs = this.called.get(id);
    this.called.delete(id);
    if (atMs !== undefined) return Promise.resolve(atMs);
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }
}

/**
 * Appends at a steady rate, whether or not earlier operations have come through, and answers the milliseconds from each
 * acknowledged commit to its handler.
 */
export async function latenciesOf(
  ground: Pick<Ground, 'dataSource'>,
  engine: Engine,
  calls: Calls,
  { perSecond, count, keyOf }: Stream,
): Promise<readonly number[]> {
  const startedMs = performance.now();
  const latencies: Promise<number>[] = [];
  for (let place = 0; place < count; place += 1) {
    const waitMs = startedMs + (place * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    latencies.push(
      ground.dataSource
        .transaction((tx) => engine.client.start(tx, timed, { key: keyOf(place) }))
        .then(async ({ id }) => {
          const committedMs = performance.now();
          return (await calls.of(id)) - committedMs;
        }),
    );
  }
  return Promise.all(latencies);
}

/** What is told of many latencies. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export function latencyOf(latencies: readonly number[]): Latency {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

/** The median of several rounds: one in which the machine was busy with something else does not count. */
export function medianOf(rounds: readonly Latency[]): Latency {
  return {
    p50: percentile(
      rounds.map(({ p50 }) => p50),
      0.5,
    ),
    p99: percentile(
      rounds.map(({ p99 }) => p99),
      0.5,
    ),
  };
}
