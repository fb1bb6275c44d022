import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

import type { EngineOptions } from '@tenon/engine';

import type { Bed, Place } from './bed';
import { Calls, latenciesOf, latencyOf, startTimed, type Latency } from './latency';

/** What is measured: a steady stream, with all hints and a far poll, or without hints and a near one. */
export interface WakeUpWork {
  readonly perSecond: number;
  readonly seconds: number;
  readonly hints: boolean;
  readonly pollMsMax: number;
}

export interface WakeUpResult {
  /** The process that commits has the handler. */
  readonly sameProcess: Latency;
  /** The handler is in another process; the one that commits has no role. */
  readonly anotherProcess: Latency;
}

/** What the other process is told when it starts. */
export interface WorkerOrders {
  readonly place: Place;
  readonly options: Partial<EngineOptions>;
}

const WARM_UP_SECONDS = 1;
const ROOT = join(__dirname, '..');

/** Measures commit -> handler in the process that commits and then in another. */
export async function wakeUp(bed: Bed, work: WakeUpWork): Promise<WakeUpResult> {
  const options = { hints: work.hints, pollMsMax: work.pollMsMax };
  return {
    sameProcess: await inThisProcess(bed, work, options),
    anotherProcess: await inAnotherProcess(bed, work, options),
  };
}

async function inThisProcess(
  bed: Bed,
  work: WakeUpWork,
  options: Partial<EngineOptions>,
): Promise<Latency> {
  const calls = new Calls();
  const engine = await startTimed(bed, (id) => calls.note(id, performance.now()), options);
  try {
    return await measure(bed, engine, calls, work);
  } finally {
    await engine.stop();
  }
}

async function inAnotherProcess(
  bed: Bed,
  work: WakeUpWork,
  options: Partial<EngineOptions>,
): Promise<Latency> {
  const calls = new Calls();
  const worker = await startWorker({ place: bed.place, options }, calls);
  const producer = await startTimed(bed, () => undefined, { ...options, roles: [] });
  try {
    return await measure(bed, producer, calls, work);
  } finally {
    await producer.stop();
    await worker.stop();
  }
}

async function measure(
  bed: Bed,
  engine: Parameters<typeof latenciesOf>[1],
  calls: Calls,
  { perSecond, seconds }: WakeUpWork,
): Promise<Latency> {
  const stream = (length: number): Promise<readonly number[]> =>
    latenciesOf(bed, engine, calls, { perSecond, count: perSecond * length, keyOf: () => null });
  await stream(WARM_UP_SECONDS);
  return latencyOf(await stream(seconds));
}

/** Starts `wake-up-worker.ts`, and notes each call that it tells of as an instant of this process's clock. */
async function startWorker(
  orders: WorkerOrders,
  calls: Calls,
): Promise<{ readonly stop: () => Promise<void> }> {
  const child = spawn(
    process.execPath,
    ['-r', './tooling/register.cjs', join('bench', 'wake-up-worker.ts'), JSON.stringify(orders)],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  // Both processes read the machine's one monotonic clock; `performance` counts it from the start of each.
  const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('The worker process ended before it was ready.')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [id = '', at = ''] = line.split(' ');
      if (id === 'ready') resolve();
      else calls.note(id, Number(BigInt(at)) / 1e6 - offsetMs);
    });
  });
  return {
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
