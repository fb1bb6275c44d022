// Goal: every committed marker becomes exactly one saga, however many relays look and whenever its commit comes.
// Method: markers of all kinds, taken in by one caller or by several at once.
import { LONG_MS, TYPES, UNKNOWN_TYPE, idsOf, marker, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

export function describeTakeIn<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const many = (count: number): readonly Draft[] => Array.from({ length: count }, () => ({}));

  describe('takeIn', () => {
    it('makes a saga of a marker, held by the session that asked', async () => {
      const sessionId = await scene().session();
      const [id] = await scene().append({ type: 'beta', key: 'a', payload: { n: 1 } });
      const taken = await scene().takeIn(sessionId);
      expect(taken).toMatchObject({ queued: [], parked: 0 });
      expect(taken.held).toEqual([
        {
          id,
          type: 'beta',
          version: 3,
          key: 'a',
          payload: { n: 1 },
          fence: expect.any(Number) as number,
          crashes: 0,
          deadlineInMs: null,
          traceContext: null,
          history: [],
        },
      ]);
      expect(await scene().store.heldIds(sessionId)).toEqual([id]);
      expect(await scene().find(id!)).toMatchObject({
        markerStatus: 'taken',
        state: 'ready',
        version: 3,
      });
    });

    it('takes a marker once', async () => {
      const sessionId = await scene().session();
      await scene().append({});
      expect((await scene().takeIn(sessionId)).held).toHaveLength(1);
      expect(await scene().takeIn(sessionId)).toEqual({ held: [], queued: [], parked: 0 });
    });

    it('takes no more than the limit, the oldest first', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append(...many(5));
      const first = await scene().takeIn(sessionId, { limit: 2 });
      const second = await scene().takeIn(sessionId, { limit: 100 });
      expect([idsOf(first.held), idsOf(second.held)]).toEqual([ids.slice(0, 2), ids.slice(2)]);
    });

    it('holds up to inlineMax at once, and queues all when there are more', async () => {
      const sessionId = await scene().session();
      await scene().append(...many(2));
      expect((await scene().takeIn(sessionId, { inlineMax: 2 })).held).toHaveLength(2);
      const ids = await scene().append(...many(3));
      const taken = await scene().takeIn(sessionId, { inlineMax: 2 });
      expect(taken.held).toEqual([]);
      expect(idsOf(taken.queued)).toEqual(ids);
      expect(await scene().store.heldIds(sessionId)).toHaveLength(2);
      expect(await scene().statuses(ids)).toEqual(['taken', 'taken', 'taken']);
    });

    it('leaves the types alone that the caller cannot run', async () => {
      const sessionId = await scene().session();
      const [unknown, beta, alpha] = await scene().append(
        { type: UNKNOWN_TYPE },
        { type: 'beta' },
        {},
      );
      const taken = await scene().takeIn(sessionId, { types: TYPES.slice(0, 1) });
      expect(idsOf(taken.held)).toEqual([alpha]);
      expect(await scene().statuses([unknown!, beta!])).toEqual(['pending', 'pending']);
    });

    it('is not held up by any number of markers that it cannot run', async () => {
      const sessionId = await scene().session();
      await scene().append(...many(20).map(() => ({ type: UNKNOWN_TYPE })));
      const [id] = await scene().append({});
      expect(idsOf((await scene().takeIn(sessionId, { limit: 5 })).held)).toEqual([id]);
    });

    it('never gives one marker to two of many callers', async () => {
      const sessions = await Promise.all([1, 2, 3, 4].map(() => scene().session()));
      const ids = await scene().append(...many(60));
      const rounds = Array.from({ length: 4 }, () => sessions).flat();
      const taken = await Promise.all(rounds.map((each) => scene().takeIn(each, { limit: 10 })));
      const rest = await scene().takeIn(sessions[0]!);
      expect(idsOf([...taken, rest].flatMap(({ held }) => held))).toEqual(ids);
    });

    it('finds a lower id that commits after a higher one was taken in', async () => {
      const sessionId = await scene().session();
      const [slow, quick] = [await scene().begin(), await scene().begin()];
      const [lower] = await scene().store.appendMarkers(slow.tx, [marker({})]);
      const [higher] = await scene().store.appendMarkers(quick.tx, [marker({})]);
      expect(Number(lower!.id)).toBeLessThan(Number(higher!.id));
      await quick.commit();
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([higher!.id]);
      await slow.commit();
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([lower!.id]);
    });

    it('waits for no transaction that is still open', async () => {
      const sessionId = await scene().session();
      const open = await scene().begin();
      await scene().store.appendMarkers(open.tx, [marker({ key: 'a', idempotencyKey: 'i' })]);
      const [id] = await scene().append({ key: 'b' });
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([id]);
      await open.rollback();
    });
  });

  describe('due times', () => {
    it('hold a marker back until its delay has passed', async () => {
      const sessionId = await scene().session();
      const [id] = await scene().append({ delayMs: 60_000 });
      expect(await scene().takeIn(sessionId)).toEqual({ held: [], queued: [], parked: 0 });
      await scene().passTime(60_001);
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([id]);
    });

    it('hold a marker back until its instant', async () => {
      const sessionId = await scene().session();
      const [early] = await scene().append({ type: UNKNOWN_TYPE });
      const { createdAt } = await scene().find(early!);
      const [id] = await scene().append({ dueAt: new Date(createdAt.getTime() + 60_000) });
      expect((await scene().takeIn(sessionId)).held).toEqual([]);
      await scene().passTime(60_001);
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([id]);
    });

    it('may lie in the past, or far ahead', async () => {
      const sessionId = await scene().session();
      const far = { dueAt: new Date('2037-12-31T23:59:59Z') };
      const [past] = await scene().append({ dueAt: new Date('2001-02-03T04:05:06Z') }, far, {
        delayMs: 10 * 365 * 86_400_000,
      });
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([past]);
      expect(await scene().nextDueMs()).toBe(LONG_MS);
    });

    it('are told ahead: the time until the next, at most as much as was asked for', async () => {
      expect(await scene().nextDueMs()).toBe(LONG_MS);
      await scene().append({ delayMs: 60_000 }, { delayMs: 90_000 });
      const ms = await scene().nextDueMs();
      expect(ms).toBeGreaterThan(30_000);
      expect(ms).toBeLessThanOrEqual(60_000);
      expect(await scene().nextDueMs(1_000)).toBe(1_000);
      await scene().passTime(60_001);
      expect(await scene().nextDueMs()).toBe(0);
    });

    it('of what the caller cannot run do not count', async () => {
      await scene().append({ type: UNKNOWN_TYPE }, { type: 'beta', delayMs: 60_000 });
      expect(await scene().store.nextDueMs([{ type: 'alpha', version: 1 }], LONG_MS)).toBe(LONG_MS);
      expect(await scene().nextDueMs()).toBeLessThanOrEqual(60_000);
    });

    it('of what is held or waits behind another do not count', async () => {
      const sessionId = await scene().session();
      await scene().append({ key: 'a' }, { key: 'a' });
      expect(await scene().nextDueMs()).toBe(0);
      expect(await scene().takeIn(sessionId)).toMatchObject({ held: [{}], parked: 1 });
      expect(await scene().nextDueMs()).toBe(LONG_MS);
    });
  });
}
