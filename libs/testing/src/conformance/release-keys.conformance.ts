// Goal: whoever frees a key sees to it that the next of that key runs, in order and once.
// Method: keys with several markers; heads that end, pause and die, and releases that come twice or too late.
import { ends, pauses } from './saga-records';
import { idsOf, useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeReleaseKeys<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

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

    it('goes past a dead operation', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a' });
      const { held } = await scene().takeIn(sessionId);
      const exit = { kind: 'ends', marker: 'dead', reason: 'bad payload' } as const;
      await scene().record(sessionId, ...held.map((saga) => ({ ...ends(saga), exit })));
      expect(idsOf(await scene().release(sessionId, held))).toEqual([ids[1]]);
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
