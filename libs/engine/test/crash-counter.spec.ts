// Goal: a saga that gets on in every life is not paused as one that kills its workers, although its row hears of its steps
// later than of the ends of its sessions.
// Method: a session that lapses behind the commit of every single step, before the saga's row can be told.
import { saga } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { storeOn } from './connect';
import { eventually } from './eventually';
import { keyOfWork, work, writes } from './handlers';

const STEPS = 10;

describe.each(DATABASES)('%s', (server) => {
  describeIf(server, 'a saga whose worker is lost behind each of its steps', () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    it('completes, and its row counts more crashes than are allowed in vain', async () => {
      let long = saga('long', { version: 1, input: work, key: keyOfWork }).step('s1', writes);
      for (let step = 2; step <= STEPS; step += 1) long = long.step(`s${step}`, writes);
      const repair = storeOn(bed.dataSource);
      await repair.open();
      const counted: number[] = [];
      const loseSession = async (): Promise<void> => {
        await bed.rows(
          `UPDATE worker_session SET expires_at = CURRENT_TIMESTAMP - INTERVAL '1' SECOND WHERE ended_at IS NULL`,
        );
        await eventually('its holder is given up', async () => {
          await repair.endLapsedSessions();
          return (await bed.count('saga WHERE session_id IS NOT NULL')) === 0;
        });
        const [row] = await bed.rows<{ crashes: number }>('SELECT crashes FROM saga');
        counted.push(Number(row?.crashes));
      };
      const engine = await bed.start([long], {
        ...{ sessionMs: 500, pollMsMax: 50, crashMax: 3 },
        faults: {
          hit: async (point) => {
            const isLast = (await bed.effects()).length === STEPS;
            if (point === 'step.afterEffect' && !isLast) await loseSession();
          },
        },
      });
      try {
        const report = await bed.reaches(engine, await bed.append(engine, long), 'completed');
        expect(await bed.effects()).toHaveLength(STEPS);
        expect(report.history.at(-1)?.fence).toBeGreaterThanOrEqual(STEPS);
        expect(Math.max(...counted)).toBeGreaterThan(3);
      } finally {
        await repair.close();
      }
    });
  });
});
