// Goal: ten thousand operations that wait for one key cost the operations of other keys nothing worth mentioning.
// Method: a steady stream on a thousand keys, by turns in a database that has them and in one that has not. The ratio of the
// two is printed and not judged here, where other tests may run beside this one: `npm run bench -- hotkey` is for that.
import { inProcessDispatcher } from '@tenon/testing';

import { hotKey, type HotKeyWork, type Side } from '../../../bench/hot-key';
import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { storeOn } from './connect';

const WORK: HotKeyWork = { parked: 10_000, perSecond: 200, seconds: 2, rounds: 5 };
/** Both databases, the parking, and ten engines that are started, warmed up, measured and stopped. */
const TEST_MS_MAX = 150_000;

for (const server of DATABASES) {
  describeIf(server, `a hot key on ${server}`, () => {
    let quiet: Bed;
    let crowded: Bed;
    beforeAll(async () => {
      quiet = await openBed(server);
      crowded = await openBed(server);
    });
    afterAll(async () => {
      await quiet.close();
      await crowded.close();
    });

    const sideOf = ({ dataSource }: Bed): Side => ({
      dataSource,
      isPostgres: dataSource.options.type === 'postgres',
      makeStore: () => storeOn(dataSource),
      makeDispatcher: () => inProcessDispatcher(),
    });

    it(
      'holds nobody else up',
      async () => {
        const result = await hotKey(sideOf(quiet), sideOf(crowded), WORK);
        process.stdout.write(
          `${server}: p99 ${result.without.p99.toFixed(1)} ms without, ${result.with.p99.toFixed(1)} ms with ` +
            `${WORK.parked} parked markers: ratio ${result.ratio.toFixed(2)}\n`,
        );
        expect(await crowded.count(`op_log WHERE status = 'parked'`)).toBe(WORK.parked);
        for (const bed of [quiet, crowded])
          expect(await bed.count(`op_log WHERE op_key <> 'hot' AND status <> 'done'`)).toBe(0);
      },
      TEST_MS_MAX,
    );
  });
}
