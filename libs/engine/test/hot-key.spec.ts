// Goal: ten thousand operations that wait for one key cost the operations of other keys nothing worth mentioning.
// Method: park them behind a head that does not end, then append a steady stream on a thousand other keys; the same
// without them. The ratio is printed; `npm run bench -- hotkey` judges it.
import { saga, type ExternalContext } from '@tenon/core';
import { setTimeout as pause } from 'node:timers/promises';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { eventually } from './eventually';
import { handler, keyOfWork, work, type Work } from './handlers';
import { percentile } from '../../../bench/percentiles';

const PARKED = 10_000;
const PER_SECOND = 200;
const SECONDS = 2;

for (const server of DATABASES) {
  describeIf(server, `a hot key on ${server}`, () => {
    let bed: Bed;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const calledAt = new Map<string, number>();
    const step = handler({
      action: async (ctx: ExternalContext<Work>): Promise<void> => {
        calledAt.set(ctx.saga.id, performance.now());
        if (ctx.saga.key === 'hot') await released;
      },
    });
    const keyed = saga('keyed', { version: 1, input: work, key: keyOfWork }).step('step', step, {
      mode: 'external',
    });
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterAll(async () => {
      release();
      await bed.close();
    });

    const stream = async (): Promise<readonly number[]> => {
      const engine = await bed.start([keyed]);
      const latencies: number[] = [];
      const measured: Promise<void>[] = [];
      for (let count = 0; count < PER_SECOND * SECONDS; count += 1) {
        const id = await bed.append(engine, keyed, { key: `cold ${count % 1_000}` });
        const committedMs = performance.now();
        const called = eventually('it is called', () => calledAt.get(id));
        measured.push(called.then((at) => void latencies.push(at - committedMs)));
        await pause(1_000 / PER_SECOND);
      }
      await Promise.all(measured);
      await engine.stop();
      return latencies;
    };

    it('holds nobody else up', async () => {
      const without = percentile(await stream(), 0.99);
      const numbers =
        server === 'mariadb' ? `seq_1_to_${PARKED + 1}` : `generate_series(1, ${PARKED + 1})`;
      await bed.dataSource.query(
        `INSERT INTO op_log (op_type, op_key, payload) SELECT 'keyed', 'hot', '{"key":"hot"}' FROM ${numbers} AS numbers`,
      );
      const parker = await bed.start([keyed]);
      await eventually(
        'they are parked',
        async () => (await bed.count(`op_log WHERE status = 'parked'`)) === PARKED,
      );
      const withThem = percentile(await stream(), 0.99);
      process.stdout.write(
        `${server}: p99 ${without.toFixed(1)} ms without, ${withThem.toFixed(1)} ms with ${PARKED} parked markers: ` +
          `ratio ${(withThem / without).toFixed(2)}\n`,
      );
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(2 * PER_SECOND * SECONDS);
      expect(await bed.count(`op_log WHERE status = 'parked'`)).toBe(PARKED);
      await parker.stop();
    });
  });
}
