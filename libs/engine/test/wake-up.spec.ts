// Goal: work begins as soon as its transaction has committed, and the poll finds what no hint announces.
// Method: commit with the poll far away and measure until the handler is called; then with all hints off and a near poll.
// What is measured is printed; `npm run bench -- wakeup` measures it undisturbed.
import { saga, type ExternalContext } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { eventually } from './eventually';
import { handler, work, type Work } from './handlers';
import { percentile } from '../../../bench/percentiles';

const FAR_POLL_MS = 30_000;

for (const server of DATABASES) {
  describeIf(server, `wake-up on ${server}`, () => {
    let bed: Bed;
    const calledAt = new Map<string, number>();
    const notes = handler({
      action: async (ctx: ExternalContext<Work>): Promise<void> =>
        void calledAt.set(ctx.saga.id, performance.now()),
    });
    const noting = saga('noting', { version: 1, input: work }).step('note', notes, {
      mode: 'external',
    });
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    it('comes with the commit and not with the poll, in the process that commits and in another', async () => {
      const engine = await bed.start([noting], { pollMsMax: FAR_POLL_MS });
      const producer = bed.engine([noting], { roles: [] });
      await producer.start(() => undefined);
      for (const [who, sender] of [['the same', engine] as const, ['another', producer] as const]) {
        const latencies: number[] = [];
        for (let count = 0; count < 40; count += 1) {
          const id = await bed.append(sender, noting);
          const committedMs = performance.now();
          latencies.push((await eventually('it is called', () => calledAt.get(id))) - committedMs);
        }
        const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
        process.stdout.write(
          `${server}: commit -> handler in ${who} process: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms\n`,
        );
        expect(p99).toBeLessThan(FAR_POLL_MS / 10);
      }
    });

    it('of what comes back from a wait is its due time and not the poll', async () => {
      const engine = await bed.start([noting], { pollMsMax: FAR_POLL_MS });
      const { id } = await bed.dataSource.transaction((tx) =>
        engine.client.start(tx, noting, {}, { delayMs: 300 }),
      );
      const startedMs = performance.now();
      const tookMs = (await eventually('it is called', () => calledAt.get(id))) - startedMs;
      expect(tookMs).toBeGreaterThan(250);
      expect(tookMs).toBeLessThan(5_000);
    });

    it('by the poll alone carries everything out, when nothing is announced', async () => {
      const engine = await bed.start([noting], { hints: false, pollMsMax: 1_000 });
      const batch = Array.from({ length: 50 }, () => ({}));
      for (let count = 0; count < 4; count += 1)
        await bed.dataSource.transaction((tx) => engine.client.startMany(tx, noting, batch));
      await bed.isDone();
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(200);
    });

    it('finds what committed behind what came later: a low id that becomes visible late is not passed over (M2)', async () => {
      const engine = await bed.start([noting], { pollMsMax: FAR_POLL_MS });
      const slow = bed.dataSource.createQueryRunner();
      await slow.startTransaction();
      const { id: low } = await engine.client.start(slow, noting, {});
      const high = await bed.append(engine, noting);
      await bed.reaches(engine, high, 'completed');
      expect(Number(low)).toBeLessThan(Number(high));
      await slow.commitTransaction();
      await slow.release();
      await bed.reaches(engine, low, 'completed');
    });
  });
}
