// Goal: the engine's own writes are few: what can be carried by a batch is.
// Method: 2,000 sagas of three steps that do nothing stand pending; the store and the dispatcher count while they run.
import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { idle } from './child/child-sagas';
import { make } from './handlers';

const SAGAS = 2_000;

for (const server of DATABASES) {
  describeIf(server, `bookkeeping on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterAll(() => bed.close());

    it('of 2,000 sagas takes at most 0.1 commits and 0.1 queue jobs each', async () => {
      const engine = bed.engine([idle]);
      const producer = bed.engine([idle], { roles: [], hints: false });
      await producer.start(make);
      await bed.dataSource.transaction((tx) =>
        producer.client.startMany(
          tx,
          idle,
          Array.from({ length: SAGAS }, () => ({})),
        ),
      );
      const before = engine.counters();
      await engine.start(make);
      await bed.isDone(60_000);
      const { bookkeepingCommits, queueJobs, handlerCommits } = engine.counters();
      const commits = bookkeepingCommits - before.bookkeepingCommits;
      process.stdout.write(
        `${server}: per saga ${commits / SAGAS} bookkeeping commits, ${queueJobs / SAGAS} queue jobs\n`,
      );
      expect(await bed.count(`saga WHERE state = 'completed' AND seq >= 3`)).toBe(SAGAS);
      expect(commits / SAGAS).toBeLessThanOrEqual(0.1);
      expect(queueJobs / SAGAS).toBeLessThanOrEqual(0.1);
      expect(queueJobs).toBeGreaterThan(0);
      expect(handlerCommits).toBe(0);
    });
  });
}
