// Goal: one saga has one holder, and whoever held it before can be told from whoever holds it now.
// Method: tickets shown once, twice and by two sessions at once; sagas let go and taken due again.
import { stays } from './saga-records';
import { idsOf, useScene, type Draft, type Scene } from './scene';
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
}
