// Goal: operations of one key run one after another, in the order in which they became visible; other keys do not wait.
// Method: markers of few keys, taken in, ended and released; what a caller gets tells who may run.
import { ends, pauses, waits } from './saga-records';
import { UNKNOWN_TYPE, idsOf, marker, useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeKeyOrder<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('keys at the intake', () => {
    it('let only the head run and park the others', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a' }, { key: 'a', type: 'beta' });
      const taken = await scene().takeIn(sessionId);
      expect(idsOf(taken.held)).toEqual(ids.slice(0, 1));
      expect(taken.parked).toBe(2);
      expect(await scene().statuses(ids)).toEqual(['taken', 'parked', 'parked']);
    });

    it('park what comes while the head runs', async () => {
      const sessionId = await scene().session();
      await scene().hold(sessionId, { key: 'a' });
      const ids = await scene().append({ key: 'a' });
      expect(await scene().takeIn(sessionId)).toEqual({ held: [], queued: [], parked: 1 });
      expect(await scene().statuses(ids)).toEqual(['parked']);
    });

    it('do not wait for one another, and an operation without a key waits for none', async () => {
      const sessionId = await scene().session();
      await scene().append({ key: 'a' }, { key: 'b' }, { key: null }, { key: null });
      expect((await scene().takeIn(sessionId)).held).toHaveLength(4);
    });

    it('that differ by case, accent or a trailing space are different keys', async () => {
      const sessionId = await scene().session();
      const keys = ['Abc', 'abc', 'Ábc', 'A\u0301bc', 'Abc ', ' Abc'];
      await scene().append(...keys.map((key) => ({ key })));
      expect((await scene().takeIn(sessionId)).held.map(({ key }) => key).sort()).toEqual(
        [...keys].sort(),
      );
    });

    it('wait for a head that is not due yet', async () => {
      const sessionId = await scene().session();
      const [head] = await scene().append({ key: 'a', delayMs: 60_000 }, { key: 'a' });
      expect(await scene().takeIn(sessionId)).toEqual({ held: [], queued: [], parked: 1 });
      await scene().passTime(60_001);
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([head]);
    });

    it('wait for a head that this caller cannot run', async () => {
      const sessionId = await scene().session();
      await scene().append({ key: 'a', type: UNKNOWN_TYPE }, { key: 'a' });
      expect((await scene().takeIn(sessionId)).held).toEqual([]);
    });

    it('wait for a head that is to be tried again', async () => {
      const sessionId = await scene().session();
      const head = await scene().hold(sessionId, { key: 'a' });
      await scene().record(sessionId, waits(head, 60_000));
      await scene().append({ key: 'a' });
      expect(await scene().takeIn(sessionId)).toEqual({ held: [], queued: [], parked: 1 });
    });

    it('never run two at once, also when a lower id commits behind a higher one that runs', async () => {
      const sessionId = await scene().session();
      const [slow, quick] = [await scene().begin(), await scene().begin()];
      const [lower] = await scene().store.appendMarkers(slow.tx, [marker({ key: 'a' })]);
      await scene().store.appendMarkers(quick.tx, [marker({ key: 'a' })]);
      await quick.commit();
      const { held } = await scene().takeIn(sessionId);
      expect(held).toHaveLength(1);
      await slow.commit();
      expect(await scene().takeIn(sessionId)).toEqual({ held: [], queued: [], parked: 1 });
      await scene().record(sessionId, ends(held[0]!));
      expect(idsOf(await scene().release(sessionId, held))).toEqual([lower!.id]);
    });
  });

  describe('releaseKeys', () => {
    it('hands the next of each key to the session, in order, as a saga that it holds', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append(
        { key: 'a' },
        { key: 'b' },
        { key: 'a', type: 'beta', payload: [1] },
        { key: 'a' },
        { key: 'b' },
      );
      const { held } = await scene().takeIn(sessionId);
      await scene().record(sessionId, ...held.map(ends));
      const released = await scene().release(sessionId, held);
      expect(idsOf(released)).toEqual([ids[2], ids[4]]);
      expect(released.find(({ id }) => id === ids[2])).toMatchObject({
        type: 'beta',
        version: 3,
        key: 'a',
        payload: [1],
        crashes: 0,
        history: [],
      });
      expect(await scene().store.heldIds(sessionId)).toHaveLength(2);
      expect(await scene().statuses(ids)).toEqual(['done', 'done', 'taken', 'parked', 'taken']);
    });

    it('goes through a key to its end, and then has nothing to release', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a' }, { key: 'a' });
      let { held } = await scene().takeIn(sessionId);
      const order: string[] = [];
      while (held.length > 0) {
        order.push(...idsOf(held));
        await scene().record(sessionId, ...held.map(ends));
        held = await scene().release(sessionId, held);
      }
      expect(order).toEqual(ids);
    });

    it('releases nothing for an operation without a key, an unknown one, or none', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().record(sessionId, ends(saga));
      expect(await scene().release(sessionId, [saga, { id: '999999999' }])).toEqual([]);
      expect(await scene().release(sessionId, [])).toEqual([]);
    });

    it('releases nothing while the key is held, so that asking twice hands over one', async () => {
      const sessionId = await scene().session();
      await scene().append({ key: 'a' }, { key: 'a' }, { key: 'a' });
      const { held } = await scene().takeIn(sessionId);
      expect(await scene().release(sessionId, held)).toEqual([]);
      await scene().record(sessionId, ...held.map(ends));
      const answers = await Promise.all([
        scene().release(sessionId, held),
        scene().release(sessionId, held),
      ]);
      expect(answers.flat()).toHaveLength(1);
    });

    it('without a session makes the next pending, for whoever comes', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a' });
      const { held } = await scene().takeIn(sessionId);
      await scene().record(sessionId, ...held.map(ends));
      expect(await scene().release(null, held)).toEqual([]);
      expect(await scene().statuses(ids)).toEqual(['done', 'pending']);
      expect(idsOf((await scene().takeIn(await scene().session())).held)).toEqual([ids[1]]);
    });

    it('makes the next pending when the caller cannot run its type', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a', type: 'beta' });
      const { held } = await scene().takeIn(sessionId);
      await scene().record(sessionId, ...held.map(ends));
      const types = [{ type: 'alpha', version: 1 }];
      expect(await scene().store.releaseKeys(idsOf(held), sessionId, types)).toEqual([]);
      expect(await scene().statuses(ids)).toEqual(['done', 'pending']);
    });

    it('goes past a paused saga only when it let its key go', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a' }, { key: 'b' }, { key: 'b' });
      const { held } = await scene().takeIn(sessionId);
      await scene().record(sessionId, ...held.map((saga) => pauses(saga, saga.key === 'b')));
      expect(idsOf(await scene().release(sessionId, held))).toEqual([ids[3]]);
      expect(await scene().statuses([ids[0]!, ids[1]!])).toEqual(['taken', 'parked']);
    });

    it('hands nothing to a session that has ended, and the next is not lost', async () => {
      const [gone, living] = [await scene().session(), await scene().session()];
      const ids = await scene().append({ key: 'a' }, { key: 'a' });
      const { held } = await scene().takeIn(gone);
      await scene().record(gone, ...held.map(ends));
      await scene().store.closeSession(gone);
      expect(await scene().release(gone, held)).toEqual([]);
      await scene().store.freeParkedHeads(0);
      expect(idsOf((await scene().takeIn(living)).held)).toEqual([ids[1]]);
    });
  });
}
