import { join } from 'node:path';
import { oracle } from '../../apps/service/test/oracle';
import { reportOf, runDemo, SAMPLE } from '../../apps/service/test/demo-process';
import { Remains } from '../../apps/service/test/remains';
import { describeIf, testDatabase, testFolder, type TestDatabase } from '../servers';

const files = { accounts: join(SAMPLE, 'account.asc'), orders: join(SAMPLE, 'order.asc') };
const BACK_MS_MAX = 5_000;

// Goal: whatever becomes of Redis, the payment orders come out the same, none is paid twice, and the queue is soon back.
// Method: the demo with three instances, so that the work goes through the queue, and a private Redis of the demo's own
// that is flushed ten times and killed three times, each while chunks are queued or being adopted. The demo compares its
// rounds with each other; the last one is compared with the oracle and looked at in plain SQL.
describe.each([
  ['PostgreSQL 15', 'postgres15'],
  ['MariaDB', 'mariadb'],
] as const)('the payment orders on %s', (_title, server) => {
  describeIf([server, 'redis'], 'with a Redis that is wiped and killed', () => {
    let database: TestDatabase;
    let folder: Awaited<ReturnType<typeof testFolder>>;
    beforeAll(async () => {
      database = await testDatabase(server);
      folder = await testFolder();
    });
    afterAll(async () => {
      await database.drop();
      await folder.remove();
    });

    it('give the same table each round, and tick again within 5 s of each fault', async () => {
      const args = ['--db', database.url, '--instances', '3', '--redis-faults', '13', '--json'];
      const run = await runDemo(args, { cwd: folder.path, env: { TENON_LEDGER: '1' } });
      const report = reportOf(run);
      expect(report).toMatchObject({
        ...oracle(files, '10000.00', ['QR']),
        paused: 0,
        redis_faults: 13,
      });
      expect(report.ticking_again_ms_max).toBeLessThanOrEqual(BACK_MS_MAX);

      const faults = [
        ...run.stderr.matchAll(
          /: (\w+) with (\d+) chunks queued and (\d+) being adopted; ticking again after (\d+) ms/g,
        ),
      ];
      process.stdout.write(
        `ticking again after ${faults.map(([, , , , ms]) => ms).join(', ')} ms\n`,
      );
      expect(faults.filter(([, fault]) => fault === 'FLUSHALL')).toHaveLength(10);
      expect(faults.filter(([, fault]) => fault === 'SIGKILL')).toHaveLength(3);
      for (const [, , queued, active] of faults)
        expect(Number(queued) + Number(active)).toBeGreaterThan(0);

      const remains = await Remains.of(database.url);
      try {
        expect(await remains.brokenChains()).toEqual([]);
        expect(await remains.doubleEffects()).toEqual([]);
        expect(await remains.accountsOutOfOrder()).toEqual([]);
      } finally {
        await remains.close();
      }
    });
  });
});
