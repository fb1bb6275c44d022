// Goal: processes that share a queue need not know the same sagas, nor the same versions of them: each saga soon reaches one
// that knows it, and none goes round without end.
// Method: two engines on one queue, through which everything goes, with a saga each that the other does not know.
import { saga } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { attempts, effect, handler, keyOfWork, work, writes } from './handlers';

const COUNT = 100;
const common = { version: 1, input: work, key: keyOfWork } as const;
const ofFirst = saga('ofFirst', common).step('one', writes);
const ofSecond = saga('ofSecond', common).step('one', writes);
const ofBoth = saga('ofBoth', common).step('one', writes);

for (const server of DATABASES) {
  describeIf(server, `a mixed deployment on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    const options = { pollMsMax: 500, inlineMax: 0, chunkSizeMax: 10 };
    const unknown = () => bed.log.filter((line) => line.includes('does not know'));
    const fenceMax = async (): Promise<number> =>
      Number((await bed.rows<{ n: string }>('SELECT max(fence) AS n FROM saga'))[0]?.n);

    it('runs sagas that only one of its processes knows', async () => {
      const first = await bed.start([ofFirst, ofBoth], options);
      await bed.start([ofSecond, ofBoth], options);
      const inputs = Array.from({ length: COUNT }, () => ({}));
      await bed.dataSource.transaction(async (tx) => {
        for (const each of [ofFirst, ofSecond, ofBoth])
          await first.client.startMany(tx, each, inputs);
      });
      await bed.isDone();
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(3 * COUNT);
      expect(await bed.effects()).toHaveLength(3 * COUNT);
      expect(unknown()).toHaveLength(2);
      expect(await fenceMax()).toBeLessThan(20);
    });

    it('goes on with sagas of a version that only one of its processes knows', async () => {
      const newer = { ...common, version: 2 };
      const flaky = handler({
        action: async (ctx: Parameters<typeof effect>[0]): Promise<void> => {
          if (ctx.attempt < 3) throw new Error('not yet');
          await effect(ctx, 'action');
        },
      });
      const retry = attempts(3);
      const old = saga('changed', common).step('one', flaky, { retry });
      const changed = saga('changed', newer).step('one', flaky, { retry }).step('two', writes);
      const second = await bed.start([changed], options);
      const inputs = Array.from({ length: COUNT }, () => ({}));
      await bed.dataSource.transaction((tx) => second.client.startMany(tx, changed, inputs));
      await bed.start([old], options);
      await bed.isDone(15_000);
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(COUNT);
      expect(await fenceMax()).toBeLessThan(30);
    });
  });
}
