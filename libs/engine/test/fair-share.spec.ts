// Goal: a saga type whose handlers hang holds up its own sagas and no other type's.
// Method: a thousand sagas whose handlers hang, which fill all that they may; then sagas of another type, in numbers that
// are run at once and in numbers that go through the queue.
import { bullmqDispatcher } from '@tenon/dispatch';
import { startRedis, type EmbeddedServer } from '@tenon/embedded';
import { saga, type ExternalContext, type SagaDefinition } from '@tenon/core';
import { describeIf, testFolder } from '../../../test/servers';
import { DATABASES, openBed, type Bed, type BedEngineOptions } from './bed';
import { eventually } from './eventually';
import { handler, keyOfWork, work, writes, type Work } from './handlers';

const HANGING = 1_000;
/** Longer than the tests may take. */
const TIMEOUT_MS = 120_000;
const options = { version: 1, input: work, key: keyOfWork } as const;
const hangs = handler({
  action: ({ signal }: ExternalContext<Work>): Promise<void> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
});
const stuckInside = saga('stuckInside', options).step('hang', hangs, { timeoutMs: TIMEOUT_MS });
const stuckOutside = saga('stuckOutside', options).step('hang', hangs, {
  mode: 'external',
  timeoutMs: TIMEOUT_MS,
});
const good = saga('good', options)
  .step('inside', writes)
  .step('outside', handler({ action: async () => undefined }), { mode: 'external' });

const appendAll = (bed: Bed, definition: SagaDefinition<Work>, count: number) =>
  bed.dataSource.transaction((tx) =>
    bed.engine([], { roles: [] }).client.startMany(
      tx,
      definition,
      Array.from({ length: count }, () => ({})),
    ),
  );

/** Starts an engine that has taken on all the stuck sagas that it will, and has others run beside them. */
async function runBeside(
  bed: Bed,
  stuck: SagaDefinition<Work>,
  engineOptions: BedEngineOptions,
): Promise<void> {
  await appendAll(bed, stuck, HANGING);
  const engine = await bed.start([stuck, good], { pollMsMax: 200, ...engineOptions });
  const most = 0.7 * (engineOptions.heldSagaMax ?? HANGING);
  await eventually(
    'it holds all that it will',
    async () => (await bed.count('saga WHERE session_id IS NOT NULL')) >= most,
  );
  for (const count of [3, 60, 3]) {
    await appendAll(bed, good, count);
    await eventually(
      `${count} others are done`,
      async () => (await bed.count(`op_log WHERE op_type = 'good' AND status <> 'done'`)) === 0,
      10_000,
    );
  }
  expect(await bed.count(`saga WHERE finished_at IS NOT NULL AND type <> 'good'`)).toBe(0);
  expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(66);
  expect(engine.counters().handlerCommits).toBeGreaterThanOrEqual(66);
}

for (const server of DATABASES) {
  describeIf(server, `handlers that hang on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    it.each([stuckInside, stuckOutside])('in $type hold no other type up', async (stuck) => {
      await runBeside(bed, stuck, {});
    });

    it('hold no other type up in a process that holds few sagas', async () => {
      await runBeside(bed, stuckOutside, { heldSagaMax: 300, externalCallMax: 8 });
    });
  });
}

describeIf(['postgres18', 'redis'], 'handlers that hang behind a queue', () => {
  let bed: Bed;
  let folder: Awaited<ReturnType<typeof testFolder>>;
  let redis: EmbeddedServer;
  beforeAll(async () => {
    bed = await openBed('postgres18');
    folder = await testFolder();
    redis = await startRedis({ dataDir: `${folder.path}/redis`, isDurable: false });
  });
  afterEach(() => bed.clear());
  afterAll(async () => {
    await bed.close();
    await redis.stop();
    await folder.remove();
  });

  it('hold no other type up, though all go through it', async () => {
    await runBeside(bed, stuckOutside, {
      ...{ heldSagaMax: 300, inlineMax: 0, chunkSizeMax: 50 },
      dispatcher: bullmqDispatcher({ redis: { url: redis.url }, warn: () => undefined }),
    });
  });
});
