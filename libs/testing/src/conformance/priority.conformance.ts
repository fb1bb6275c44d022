// Goal: what matters more is taken in first, whoever's type it is, and what is not yet due is in nobody's way.
// Method: markers of all priorities in every order, taken in with limits.
import { LONG_MS, idsOf, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

export function describePriority<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const times = (count: number, draft: Draft): readonly Draft[] =>
    Array.from({ length: count }, () => draft);

  describe('priority', () => {
    it('takes in high before normal before low, each in the order of due time and id', async () => {
      const sessionId = await scene().session();
      const [low, late, normal, high1, high2] = await scene().append(
        { priority: 'low' },
        { dueAt: new Date('2002-01-01T00:00:00Z') },
        { dueAt: new Date('2001-01-01T00:00:00Z') },
        { priority: 'high' },
        { priority: 'high' },
      );
      const order: (readonly string[])[] = [];
      for (const limit of [1, 1, 1, 1, 1]) {
        order.push(idsOf((await scene().takeIn(sessionId, { limit })).held));
      }
      expect(order.flat()).toEqual([high1, high2, normal, late, low]);
    });

    it('counts over all types of the caller', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append(
        { type: 'alpha' },
        { type: 'beta', priority: 'high' },
        { type: 'beta' },
        { type: 'alpha', priority: 'high' },
      );
      const first = await scene().takeIn(sessionId, { limit: 2 });
      expect(idsOf(first.held)).toEqual([ids[1], ids[3]]);
      const second = await scene().takeIn(sessionId, { limit: 2 });
      expect(idsOf(second.held)).toEqual([ids[0], ids[2]]);
    });

    it('fills the limit with what matters less', async () => {
      const sessionId = await scene().session();
      const low = await scene().append(...times(3, { priority: 'low' }));
      const normal = await scene().append(...times(3, {}));
      const high = await scene().append(...times(3, { priority: 'high' }));
      const taken = await scene().takeIn(sessionId, { limit: 7 });
      expect(idsOf(taken.held)).toEqual([low[0], ...normal, ...high]);
    });

    it('of what is not yet due is in nobody’s way', async () => {
      const sessionId = await scene().session();
      await scene().append(...times(20, { priority: 'high', delayMs: LONG_MS / 2 }));
      const [id] = await scene().append({ priority: 'low' });
      expect(await scene().nextDueMs()).toBe(0);
      expect(idsOf((await scene().takeIn(sessionId, { limit: 5 })).held)).toEqual([id]);
      const ms = await scene().nextDueMs();
      expect(ms).toBeGreaterThan(LONG_MS / 4);
      expect(ms).toBeLessThanOrEqual(LONG_MS / 2);
    });

    it.each(['low', 'normal', 'high'] as const)('%s is looked for ahead', async (priority) => {
      await scene().append({ priority, delayMs: 60_000 });
      const ms = await scene().nextDueMs();
      expect(ms).toBeGreaterThan(30_000);
      expect(ms).toBeLessThanOrEqual(60_000);
    });

    it('does not overtake within a key', async () => {
      const sessionId = await scene().session();
      const [first, second] = await scene().append(
        { key: 'a', priority: 'low' },
        { key: 'a', priority: 'high' },
      );
      await scene().append(...times(3, {}));
      const taken = await scene().takeIn(sessionId, { limit: 1 });
      expect(taken).toMatchObject({ held: [], parked: 1 });
      const { held } = await scene().takeIn(sessionId);
      expect(idsOf(held)).toContain(first);
      expect(await scene().statuses([second!])).toEqual(['parked']);
    });
  });
}
