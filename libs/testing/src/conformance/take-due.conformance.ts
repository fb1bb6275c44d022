// Goal: a saga that waits goes on when it is due, whoever is there then, and what the queue lost is found again.
// Method: sagas that wait, were queued or let go; time passes, and one or many ask for what is due.
import type { Ticket } from '@tenon/core';
import { waits } from './saga-records';
import { UNKNOWN_TYPE, idsOf, useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeTakeDue<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  const queueThree = async (): Promise<readonly Ticket[]> => {
    await scene().append({}, {}, {});
    const request = { inlineMax: 0, requeueMs: 60_000 };
    return (await scene().takeIn(await scene().session(), request)).queued;
  };

  describe('takeDue', () => {
    it('hands a saga that waited to one of many that ask, when it is due and not before', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().record(sessionId, waits(saga, 60_000));
      expect(await scene().takeDue(sessionId)).toEqual({ held: [], queued: [], parked: 0 });
      const ms = await scene().nextDueMs();
      expect(ms).toBeGreaterThan(30_000);
      expect(ms).toBeLessThanOrEqual(60_000);
      await scene().passTime(60_001);
      expect(await scene().nextDueMs()).toBe(0);
      const taken = await Promise.all([1, 2, 3].map(() => scene().takeDue(sessionId)));
      expect(idsOf(taken.flatMap(({ held }) => held))).toEqual([saga.id]);
    });

    it('hands over again what was queued and not adopted, after requeueMs and not before', async () => {
      const tickets = await queueThree();
      const sessionId = await scene().session();
      expect(await scene().takeDue(sessionId)).toEqual({ held: [], queued: [], parked: 0 });
      await scene().passTime(60_001);
      const again = await scene().takeDue(sessionId, { inlineMax: 0, requeueMs: 60_000 });
      expect(idsOf(again.queued)).toEqual(idsOf(tickets));
      expect((await scene().takeDue(sessionId)).held).toEqual([]);
      const held = await scene().store.adopt(again.queued, sessionId);
      expect(idsOf(held)).toEqual(idsOf(tickets));
      expect((await scene().takeDue(sessionId)).held).toEqual([]);
    });

    it('hands over at once what was queued, when the queue has lost it', async () => {
      const tickets = await queueThree();
      const sessionId = await scene().session();
      await scene().store.adopt(tickets.slice(0, 1), sessionId);
      expect(await scene().store.requeueQueued()).toBe(2);
      const { held } = await scene().takeDue(sessionId);
      expect(idsOf(held)).toEqual(idsOf(tickets.slice(1)));
      expect(await scene().store.requeueQueued()).toBe(0);
    });

    it('keeps to the limit and to inlineMax', async () => {
      const sessionId = await scene().session();
      await scene().append({}, {}, {}, {}, {});
      const { held } = await scene().takeIn(sessionId);
      await scene().store.letGo(idsOf(held), sessionId, 0);
      expect(await scene().takeDue(sessionId, { limit: 2, inlineMax: 2 })).toMatchObject({
        held: [{}, {}],
        queued: [],
      });
      expect(await scene().takeDue(sessionId, { inlineMax: 2 })).toMatchObject({
        held: [],
        queued: [{}, {}, {}],
      });
    });

    it('leaves the types alone that the caller cannot run', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, { type: 'beta' });
      await scene().store.letGo([saga.id], sessionId, 0);
      const types = [
        { type: UNKNOWN_TYPE, version: 1 },
        { type: 'alpha', version: 1 },
      ];
      expect(await scene().takeDue(sessionId, { types })).toEqual({
        held: [],
        queued: [],
        parked: 0,
      });
      expect((await scene().takeDue(sessionId)).held).toHaveLength(1);
    });

    it('goes on with the version with which a saga began', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, { type: 'beta' });
      await scene().store.letGo([saga.id], sessionId, 0);
      const { held } = await scene().takeDue(sessionId, { types: [{ type: 'beta', version: 4 }] });
      expect(held).toMatchObject([{ version: 3 }]);
    });

    it('writes nothing when nothing is due', async () => {
      const sessionId = await scene().session();
      const before = scene().store.counters();
      await scene().takeIn(sessionId);
      await scene().takeDue(sessionId);
      await scene().release(sessionId, []);
      await scene().store.endLapsedSessions();
      expect(scene().store.counters()).toEqual(before);
    });
  });
}
