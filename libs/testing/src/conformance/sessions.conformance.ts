// Goal: the end of a process frees all that it held, and a process that is thought dead can do no harm.
// Method: sessions that are renewed, lapse or are closed while they hold sagas; another session looks for the work.
import { callOf, ends, nextRow, stays } from './saga-records';
import { idsOf, useScene } from './scene';
import type { OpenStore } from './store-under-test';

const LEASE_MS = 10_000;

export function describeSessions<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const lapse = async (): Promise<number> => {
    await scene().passTime(LEASE_MS + 1);
    return scene().store.endLapsedSessions();
  };

  describe('sessions', () => {
    it('have ids of their own', async () => {
      const ids = await Promise.all([1, 2, 3].map(() => scene().session()));
      expect(new Set(ids).size).toBe(3);
    });

    it('live for as long as they are renewed', async () => {
      const sessionId = await scene().session(LEASE_MS);
      const saga = await scene().hold(sessionId);
      for (let round = 0; round < 3; round++) {
        await scene().passTime(LEASE_MS - 2_000);
        expect(await scene().store.renewSession(sessionId, LEASE_MS)).toBe(true);
        expect(await scene().store.endLapsedSessions()).toBe(0);
      }
      expect(await scene().store.heldIds(sessionId)).toEqual([saga.id]);
    });

    it('cannot be renewed once they have lapsed, swept or not', async () => {
      const sessionId = await scene().session(LEASE_MS);
      await scene().passTime(LEASE_MS + 1);
      expect(await scene().store.renewSession(sessionId, LEASE_MS)).toBe(false);
      expect(await scene().store.endLapsedSessions()).toBe(1);
      expect(await scene().store.renewSession(sessionId, LEASE_MS)).toBe(false);
      expect(await scene().store.renewSession('999999999', LEASE_MS)).toBe(false);
    });

    it('that lapse let go of all they held, and one crash is counted on each saga', async () => {
      const [dead, living] = [await scene().session(LEASE_MS), await scene().session()];
      const ids = await scene().append({}, {});
      await scene().takeIn(dead);
      const kept = await scene().hold(living);
      expect(await lapse()).toBe(1);
      expect(await scene().store.heldIds(dead)).toEqual([]);
      const { held } = await scene().takeDue(living);
      expect(idsOf(held)).toEqual(ids);
      expect(held.map(({ crashes }) => crashes)).toEqual([1, 1]);
      expect(await scene().store.load([kept.id], living)).toMatchObject([{ crashes: 0 }]);
      expect(await scene().store.endLapsedSessions()).toBe(0);
    });

    it('count crashes up until the saga gets on', async () => {
      const first = await scene().session(LEASE_MS);
      await scene().hold(first);
      await lapse();
      const second = await scene().session(LEASE_MS);
      expect((await scene().takeDue(second)).held).toMatchObject([{ crashes: 1 }]);
      await lapse();
      const third = await scene().session(LEASE_MS);
      const { held } = await scene().takeDue(third);
      expect(held).toMatchObject([{ crashes: 2 }]);
      await scene().record(third, stays(held[0]!));
      expect(await scene().store.load(idsOf(held), third)).toMatchObject([{ crashes: 0 }]);
    });

    it('that are closed let go of all they held, and no crash is counted', async () => {
      const [closing, living] = [await scene().session(), await scene().session()];
      const saga = await scene().hold(closing);
      await scene().store.closeSession(closing);
      expect(await scene().store.renewSession(closing, LEASE_MS)).toBe(false);
      const { held } = await scene().takeDue(living);
      expect(idsOf(held)).toEqual([saga.id]);
      expect(held[0]!.crashes).toBe(0);
      expect(held[0]!.fence).toBeGreaterThan(saga.fence);
    });
  });

  describe.each(['lapsed', 'closed'])('a session that has %s', (how) => {
    const endIt = async (sessionId: string): Promise<void> => {
      if (how === 'closed') await scene().store.closeSession(sessionId);
      else await lapse();
    };

    it('takes nothing in and adopts nothing', async () => {
      const [gone, living] = [await scene().session(LEASE_MS), await scene().session()];
      await scene().append({}, {});
      const { queued } = await scene().takeIn(living, { limit: 1, inlineMax: 0 });
      await endIt(gone);
      expect(await scene().store.adopt(queued, gone)).toEqual([]);
      expect((await scene().takeIn(gone)).held).toEqual([]);
      expect((await scene().takeDue(gone, { limit: 10 })).held).toEqual([]);
      expect(await scene().store.heldIds(gone)).toEqual([]);
      expect(await scene().store.adopt(queued, living)).toHaveLength(1);
      expect((await scene().takeIn(living)).held).toHaveLength(1);
    });

    it('records nothing', async () => {
      const gone = await scene().session(LEASE_MS);
      const saga = await scene().hold(gone);
      await endIt(gone);
      expect(await scene().record(gone, ends(saga))).toEqual([]);
      expect(await scene().store.load([saga.id], gone)).toEqual([]);
      expect(await scene().find(saga.id)).toMatchObject({
        markerStatus: 'taken',
        state: 'ready',
        history: [],
      });
    });

    it('commits no step', async () => {
      const gone = await scene().session(LEASE_MS);
      const saga = await scene().hold(gone);
      await endIt(gone);
      expect(await scene().step(callOf(saga, gone), 'late', [nextRow(saga)])).toBe('overtaken');
      expect(await scene().effects()).toEqual([]);
    });

    it('cannot let go of what another took over', async () => {
      const [gone, living] = [await scene().session(LEASE_MS), await scene().session()];
      const saga = await scene().hold(gone);
      await endIt(gone);
      await scene().takeDue(living);
      await scene().store.letGo([saga.id], gone, 0);
      expect(await scene().store.heldIds(living)).toEqual([saga.id]);
    });
  });

  describe('a session whose lease has run out, before anybody swept', () => {
    it('takes nothing in and adopts nothing', async () => {
      const [gone, living] = [await scene().session(LEASE_MS), await scene().session()];
      await scene().append({}, {});
      const { queued } = await scene().takeIn(living, { limit: 1, inlineMax: 0 });
      await scene().passTime(LEASE_MS + 1);
      expect(await scene().store.adopt(queued, gone)).toEqual([]);
      expect((await scene().takeIn(gone)).held).toEqual([]);
      expect((await scene().takeIn(living)).held).toHaveLength(1);
    });
  });

  describe('a session that ends while it takes', () => {
    it('holds nothing afterwards, and nothing is lost', async () => {
      const living = await scene().session();
      for (let round = 0; round < 20; round++) {
        const ending = await scene().session();
        const ids = await scene().append({}, {});
        const [first, second] = [{ limit: 1 }, { limit: 1, inlineMax: 0 }];
        const [, { queued }] = await Promise.all([
          scene().takeIn(ending, first),
          scene().takeIn(ending, second),
          scene().store.closeSession(ending),
        ]);
        await scene().store.adopt(queued, ending);
        expect(await scene().store.heldIds(ending)).toEqual([]);
        const found = [
          ...(await scene().takeIn(living)).held,
          ...(await scene().takeDue(living)).held,
          ...(await scene().store.adopt(queued, living)),
        ];
        expect(idsOf(found)).toEqual(ids);
      }
    });
  });
}
