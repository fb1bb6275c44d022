// Goal: from the commit of a pause on no process begins anything of the type, and nothing of it is lost.
// Method: every way in which a session comes by a saga, tried while the type is paused and again when it is not.
import { callOf, ends, nextRow, waits } from './saga-records';
import { LONG_MS, TYPES, idsOf, useScene } from './scene';
import type { OpenStore } from './store-under-test';

const NOTHING = { held: [], queued: [], parked: 0 };

export function describePause<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('a type that is paused', () => {
    it('is not taken in, while the others are, and is when it is resumed', async () => {
      const sessionId = await scene().session();
      await scene().pause('alpha');
      const [alpha, high, beta] = await scene().append(
        {},
        { priority: 'high', key: 'a' },
        { type: 'beta' },
      );
      expect(idsOf((await scene().takeIn(sessionId, { limit: 1 })).held)).toEqual([beta]);
      expect(await scene().takeIn(sessionId)).toEqual(NOTHING);
      expect(await scene().statuses([alpha!, high!])).toEqual(['pending', 'pending']);
      await scene().resume('alpha');
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([alpha, high]);
    });

    it('has nothing that is due', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().record(sessionId, waits(saga, 0));
      await scene().append({}, { type: 'beta', delayMs: LONG_MS / 2 });
      expect(await scene().nextDueMs()).toBe(0);
      await scene().pause('alpha');
      expect(await scene().nextDueMs()).toBeGreaterThan(LONG_MS / 4);
      await scene().pause('beta');
      expect(await scene().nextDueMs()).toBe(LONG_MS);
      await scene().resume('alpha');
      expect(await scene().nextDueMs()).toBe(0);
    });

    it('lets no waiting saga be claimed', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().record(sessionId, waits(saga, 0));
      await scene().pause('alpha');
      expect(await scene().takeDue(sessionId)).toEqual(NOTHING);
      await scene().resume('alpha');
      expect(idsOf((await scene().takeDue(sessionId)).held)).toEqual([saga.id]);
    });

    it('lets no ticket be adopted: its saga stays queued, and is dispatched again', async () => {
      const sessionId = await scene().session();
      const [alpha, beta] = await scene().append({}, { type: 'beta' });
      const { queued } = await scene().takeIn(sessionId, { inlineMax: 0, requeueMs: 60_000 });
      await scene().pause('alpha');
      expect(idsOf(await scene().store.adopt(queued, sessionId))).toEqual([beta]);
      await scene().resume('alpha');
      await scene().passTime(60_001);
      const again = await scene().takeDue(sessionId, { inlineMax: 0 });
      expect(again.queued).toEqual(queued.filter(({ id }) => id === alpha));
      expect(idsOf(await scene().store.adopt(again.queued, sessionId))).toEqual([alpha]);
    });

    it('lets no key be handed over: the next of it becomes pending', async () => {
      const sessionId = await scene().session();
      const [, next, other] = await scene().append({ key: 'a' }, { key: 'a' }, { key: 'a' });
      const { held } = await scene().takeIn(sessionId);
      await scene().pause('alpha');
      await scene().record(sessionId, ...held.map(ends));
      expect(await scene().release(sessionId, held)).toEqual([]);
      expect(await scene().statuses([next!, other!])).toEqual(['pending', 'parked']);
      expect(await scene().takeIn(sessionId)).toEqual(NOTHING);
      await scene().resume('alpha');
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([next]);
    });

    it('holds back its own part of a key, and hands the rest over', async () => {
      const sessionId = await scene().session();
      const [, next] = await scene().append({ key: 'a', type: 'beta' }, { key: 'a' });
      const { held } = await scene().takeIn(sessionId);
      await scene().pause('beta');
      await scene().record(sessionId, ...held.map(ends));
      expect(idsOf(await scene().release(sessionId, held))).toEqual([next]);
    });

    it('runs what is held on to its end or its next wait', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().pause('alpha');
      expect(await scene().step(callOf(saga, sessionId), 'done', [nextRow(saga)])).toBe(
        'committed',
      );
      const [now] = await scene().store.load([saga.id], sessionId);
      expect(now!.history).toHaveLength(1);
      expect(await scene().record(sessionId, ends(now!))).toEqual([saga.id]);
      expect(await scene().effects()).toEqual(['done']);
    });

    it('is not buried as one that nobody runs', async () => {
      await scene().session();
      await scene().pause('alpha');
      const [id] = await scene().append({});
      await scene().passTime(60_001);
      expect(await scene().store.buryUnserved(60_000)).toBe(0);
      expect(await scene().statuses([id!])).toEqual(['pending']);
    });

    it('may be the only one that a process can run', async () => {
      const sessionId = await scene().session();
      await scene().append({});
      await scene().pause('alpha');
      const types = TYPES.slice(0, 1);
      expect(await scene().takeIn(sessionId, { types })).toEqual(NOTHING);
      expect(await scene().store.nextDueMs(types, LONG_MS)).toBe(LONG_MS);
    });
  });
}
