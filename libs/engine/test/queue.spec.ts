// Goal: Redis may lose everything or go away at any time: nothing is lost by that, nothing happens twice, and the
// scheduler is soon back.
// Method: a private Redis that is flushed, killed and started again while chunks are queued and adopted.
import { bullmqDispatcher } from '@tenon/dispatch';
import { startRedis, type EmbeddedServer } from '@tenon/embedded';
import type { Dispatcher } from '@tenon/core';
import { Redis } from 'ioredis';

import { describeIf, testFolder } from '../../../test/servers';
import { openBed, type Bed } from './bed';
import { paying, sharedSagas } from './child/child-sagas';
import { startChild } from './child/start-child';
import { eventually } from './eventually';
import { make } from './handlers';

const ROUND = 100;
const BACK_MS_MAX = 5_000;
/** Everything goes through the queue, in small chunks, so that some wait while others are adopted. */
const options = {
  pollMsMax: 500,
  sessionMs: 1_000,
  inlineMax: 0,
  chunkSizeMax: 5,
  requeueMs: 5_000,
};

describeIf(['postgres18', 'redis'], 'a queue on Redis', () => {
  let bed: Bed;
  let folder: Awaited<ReturnType<typeof testFolder>>;
  let redis: EmbeddedServer;
  let admin: Redis;
  const dispatcher = (): Dispatcher =>
    bullmqDispatcher({ redis: { url: redis.url }, warn: () => undefined });
  beforeAll(async () => {
    bed = await openBed('postgres18');
    folder = await testFolder();
    redis = await startRedis({ dataDir: `${folder.path}/redis`, isDurable: false });
    admin = new Redis(redis.url, { retryStrategy: () => 50 });
    admin.on('error', () => undefined);
  });
  afterEach(() => bed.clear());
  afterAll(async () => {
    await bed.close();
    admin.disconnect();
    await redis.stop();
    await folder.remove();
  });

  const start = () => bed.start([paying], { ...options, dispatcher: dispatcher() });
  let keys = 0;
  /** Each on a key of its own: what waits for a key needs no queue when it is freed. */
  const appendRound = (engine: Awaited<ReturnType<typeof start>>) =>
    bed.dataSource.transaction((tx) =>
      engine.client.startMany(
        tx,
        paying,
        Array.from({ length: ROUND }, () => ({ key: `${(keys += 1)}` })),
      ),
    );
  const isTicking = (onlooker: Dispatcher) =>
    eventually(
      'the scheduler is back',
      () => onlooker.hasScheduler().catch(() => false),
      BACK_MS_MAX,
    );
  const everythingHappenedOnce = async (sagas: number): Promise<void> => {
    await bed.isDone(30_000);
    expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(sagas);
    expect(await bed.effects()).toHaveLength(4 * sagas);
    expect(
      await bed.rows('SELECT saga_id FROM effect GROUP BY saga_id, name HAVING count(*) > 1'),
    ).toEqual([]);
  };

  it('that is flushed ten times and killed three times loses nothing, and ticks again within 5 s of each (M6)', async () => {
    const engines = [await start(), await start()];
    const onlooker = dispatcher();
    await onlooker.open(null);
    const blows = [
      ...Array.from({ length: 10 }, () => () => admin.flushall()),
      ...Array.from({ length: 3 }, () => async () => {
        await redis.kill();
        await redis.restart();
      }),
    ];
    const tookMs: number[] = [];
    const jobs = (): number =>
      engines.reduce((sum, engine) => sum + engine.counters().queueJobs, 0);
    await isTicking(onlooker);
    let rounds = 0;
    // A process that met a broken queue does without it for a while, and may run a whole round by itself: then there is
    // another one.
    const appendUntilQueued = async (): Promise<void> => {
      const before = jobs();
      do {
        await appendRound(engines[0]!);
        rounds += 1;
      } while (
        (await eventually('the round is queued or done', async () => {
          if (jobs() > before) return 'queued';
          return (await bed.count(`op_log WHERE status <> 'done'`)) === 0 && 'done';
        })) === 'done'
      );
    };
    for (const blow of blows) {
      await appendUntilQueued();
      await blow();
      const blownMs = performance.now();
      await isTicking(onlooker);
      tookMs.push(Math.round(performance.now() - blownMs));
    }
    process.stdout.write(`ticking again after ${tookMs.join(', ')} ms\n`);
    await everythingHappenedOnce(ROUND * rounds);
    await onlooker.close();
  });

  it('that is down at the start is done without, and used when it comes up', async () => {
    await redis.kill();
    const engine = await start();
    await appendRound(engine);
    await everythingHappenedOnce(ROUND);
    expect(engine.counters().queueJobs).toBe(0);
    await redis.restart();
    await eventually('it is used', async () => {
      await appendRound(engine);
      await bed.isDone();
      return engine.counters().queueJobs > 0;
    });
    expect(bed.log.filter((line) => line.includes('The queue does not answer'))).toHaveLength(1);
  });

  it('brings chunks only to processes that run sagas', async () => {
    const relay = await bed.start([paying], {
      ...options,
      requeueMs: 60_000,
      roles: ['relay'],
      dispatcher: dispatcher(),
    });
    const worker = await bed.start([paying], {
      ...options,
      roles: ['worker'],
      dispatcher: dispatcher(),
    });
    await appendRound(relay);
    await everythingHappenedOnce(ROUND);
    expect(relay.counters().handlerCommits).toBe(0);
    expect(worker.counters().queueJobs).toBe(0);
  });

  it('is shared by processes that each do a part of the work', async () => {
    const child = await startChild({
      ...{ url: bed.url, worker: 'child', redisUrl: redis.url, options: { ...options } },
    });
    const engine = bed.engine(sharedSagas, { ...options, dispatcher: dispatcher() });
    await engine.start(make);
    for (let round = 0; round < 3; round += 1) await appendRound(engine);
    await everythingHappenedOnce(3 * ROUND);
    const shares = await bed.rows<{ worker: string; n: string }>(
      `SELECT w.worker, count(*) AS n FROM saga_transition t JOIN worker_session w ON w.id = t.session_id GROUP BY w.worker`,
    );
    expect(shares).toHaveLength(2);
    for (const { n } of shares) expect(Number(n)).toBeGreaterThan(0);
    await child.stop();
  });

  it('that can never serve stops the start', async () => {
    const engine = bed.engine([paying], {
      ...options,
      dispatcher: {
        ...methodsOf(dispatcher()),
        open: async () => Promise.reject(new Error('this Redis is too old')),
      },
    });
    await expect(engine.start(make)).rejects.toThrow('this Redis is too old');
    expect(await bed.count('worker_session WHERE ended_at IS NULL')).toBe(0);
  });
});

/** A dispatcher's methods, to change one of them. */
function methodsOf(real: Dispatcher): Dispatcher {
  return {
    description: real.description,
    open: (handlers) => real.open(handlers),
    send: (chunks) => real.send(chunks),
    waitingChunks: () => real.waitingChunks(),
    wake: () => real.wake(),
    hasScheduler: () => real.hasScheduler(),
    ensureScheduler: (everyMs) => real.ensureScheduler(everyMs),
    sentJobs: () => real.sentJobs(),
    close: () => real.close(),
  };
}
