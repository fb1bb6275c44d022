// Goal: operations of one key run one after another, in the order in which they became visible; other keys do not wait.
// Method: markers of few keys, taken in, ended and released; what a caller gets tells who may run.
import { ends, waits } from './saga-records';
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
}
