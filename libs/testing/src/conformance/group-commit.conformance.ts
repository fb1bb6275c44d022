// Goal: many sagas are recorded in one commit, and one bad entry harms no other.
// Method: batches with stale and poisonous entries among them, from one session or several at once.
import { ends, nextRow, stays } from './saga-records';
import { byId, idsOf, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

export function describeGroupCommit<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('group commit', () => {
    it('records the others when one of the batch is stale', async () => {
      const sessionId = await scene().session();
      await scene().append(...Array.from({ length: 9 }, (): Draft => ({})));
      const { held } = await scene().takeIn(sessionId);
      const stale = held[4]!;
      const records = held.map((saga) =>
        saga === stale ? { ...ends(saga), fence: saga.fence - 1 } : ends(saga),
      );
      expect(await scene().record(sessionId, ...records)).toEqual(
        idsOf(held.filter((saga) => saga !== stale)),
      );
      expect(await scene().find(stale.id)).toMatchObject({ markerStatus: 'taken', history: [] });
    });

    it('records the others when the database refuses the data of one', async () => {
      const sessionId = await scene().session();
      await scene().append(...Array.from({ length: 9 }, (): Draft => ({})));
      const { held } = await scene().takeIn(sessionId);
      const poisonous = held[5]!;
      const records = held.map((saga) =>
        saga === poisonous ? stays(saga, [nextRow(saga, { step: 'x'.repeat(101) })]) : ends(saga),
      );
      const { recorded, refused } = await scene().store.record(records, sessionId);
      expect([...recorded].sort(byId)).toEqual(idsOf(held.filter((saga) => saga !== poisonous)));
      expect([...refused]).toEqual([[poisonous.id, expect.any(String)]]);
      expect(await scene().find(poisonous.id)).toMatchObject({
        markerStatus: 'taken',
        state: 'ready',
        history: [],
      });
    });

    it('costs one commit for a batch, and none for an empty one', async () => {
      const sessionId = await scene().session();
      await scene().append(...Array.from({ length: 30 }, (): Draft => ({})));
      const { held } = await scene().takeIn(sessionId);
      const before = scene().store.counters().bookkeepingCommits;
      await scene().record(sessionId, ...held.map(ends));
      await scene().record(sessionId);
      expect(scene().store.counters().bookkeepingCommits - before).toBe(1);
    });

    it('comes through when many sessions record at once, in any order', async () => {
      const sessions = await Promise.all([1, 2, 3, 4].map(() => scene().session()));
      await scene().append(
        ...Array.from({ length: 60 }, (_, index): Draft => ({ key: `k${index}` })),
      );
      const taken = [];
      for (const each of sessions) taken.push(await scene().takeIn(each, { limit: 15 }));
      const recorded = await Promise.all(
        taken.flatMap(({ held }, index) => {
          const records = [...held].reverse().map(ends);
          const parts = [records.slice(0, 5), records.slice(5, 10), records.slice(10)];
          return parts.map((part) => scene().record(sessions[index]!, ...part));
        }),
      );
      expect(recorded.flat()).toHaveLength(60);
    });
  });
}
