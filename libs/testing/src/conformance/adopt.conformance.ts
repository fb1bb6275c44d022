// Goal: one saga has one holder, and whoever held it before can be told from whoever holds it now.
// Method: tickets shown once, twice and by two sessions at once; sagas let go and taken due again.
import { stays, waits } from './saga-records';
import { UNKNOWN_TYPE, idsOf, useScene, type Draft, type Scene } from './scene';
import type { OpenStore } from './store-under-test';
import type { Ticket } from '@tenon/core';

export function describeAdopt<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  /** Appends `count` operations and has them queued. */
  const queue = async (count: number, by: Scene<T> = scene()): Promise<readonly Ticket[]> => {
    await by.append(...Array.from({ length: count }, (): Draft => ({ payload: { n: 1 } })));
    return (await by.takeIn(await by.session(), { inlineMax: 0, requeueMs: 60_000 })).queued;
  };

  describe('adopt', () => {
    it('makes the session the holder, under a fence that has grown', async () => {
      const tickets = await queue(2);
      const sessionId = await scene().session();
      const held = await scene().store.adopt(tickets, sessionId);
      expect(idsOf(held)).toEqual(idsOf(tickets));
      expect(held[0]).toMatchObject({
        type: 'alpha',
        version: 1,
        key: null,
        payload: { n: 1 },
        crashes: 0,
        history: [],
      });
      for (const saga of held) {
        expect(saga.fence).toBeGreaterThan(tickets.find(({ id }) => id === saga.id)!.fence);
      }
      expect([...(await scene().store.heldIds(sessionId))].sort()).toEqual(
        [...idsOf(tickets)].sort(),
      );
    });

    it('refuses a ticket that was used, and one that nobody gave out', async () => {
      const [ticket] = await queue(1);
      const sessionId = await scene().session();
      await scene().store.adopt([ticket!], sessionId);
      const again = [
        ticket!,
        { ...ticket!, fence: ticket!.fence + 7 },
        { id: '999999999', fence: 0 },
      ];
      expect(await scene().store.adopt(again, await scene().session())).toEqual([]);
      expect(await scene().store.adopt([ticket!], sessionId)).toEqual([]);
      expect(await scene().store.adopt([], sessionId)).toEqual([]);
    });

    it('refuses the ticket of a saga that was held and let go in the meantime', async () => {
      const [ticket] = await queue(1);
      const sessionId = await scene().session();
      await scene().store.adopt([ticket!], sessionId);
      await scene().store.letGo([ticket!.id], sessionId, 0);
      expect(await scene().store.adopt([ticket!], sessionId)).toEqual([]);
    });

    it('gives a saga to one of many that ask at the same time', async () => {
      const tickets = await queue(20);
      const sessions = await Promise.all([1, 2, 3, 4].map(() => scene().session()));
      const held = await Promise.all(sessions.map((each) => scene().store.adopt(tickets, each)));
      expect(idsOf(held.flat())).toEqual(idsOf(tickets));
    });
  });

  describe('load', () => {
    it('answers what the session still holds, with the history as it stands', async () => {
      const [mine, other] = [await scene().session(), await scene().session()];
      const saga = await scene().hold(mine);
      const foreign = await scene().hold(other);
      await scene().record(mine, stays(saga));
      const loaded = await scene().store.load([saga.id, foreign.id, '999999999'], mine);
      expect(loaded).toMatchObject([
        { id: saga.id, fence: saga.fence, history: [{ seq: 1, step: 'first', sessionId: mine }] },
      ]);
      expect(await scene().store.load([], mine)).toEqual([]);
    });
  });

  describe('letGo', () => {
    it('leaves the saga as it was, due after the delay, and counts no crash', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().store.letGo([saga.id], sessionId, 60_000);
      expect(await scene().store.heldIds(sessionId)).toEqual([]);
      expect((await scene().takeDue(sessionId)).held).toEqual([]);
      await scene().passTime(60_001);
      const { held } = await scene().takeDue(sessionId);
      expect(held).toMatchObject([{ id: saga.id, crashes: 0, history: [] }]);
      expect(held[0]!.fence).toBeGreaterThan(saga.fence);
    });

    it('touches nothing that another session holds', async () => {
      const [mine, other] = [await scene().session(), await scene().session()];
      const saga = await scene().hold(mine);
      await scene().store.letGo([saga.id], other, 0);
      expect(await scene().store.heldIds(mine)).toEqual([saga.id]);
    });
  });

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
      const tickets = await queue(3);
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
      const tickets = await queue(3);
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
  });
}
