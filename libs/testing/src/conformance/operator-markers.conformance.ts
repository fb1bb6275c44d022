// Goal: a marker can be set aside, carried out after all, or dropped, each once, and its key is not held up by it.
// Method: markers that wait, and dead ones with and without a saga; every verb twice, and by several at once.
import { ends } from './saga-records';
import { auditOf, idsOf, LONG_MS, useScene } from './scene';
import type { OpenStore } from './store-under-test';

const BAD_IDS = ['999999999', 'abc', '', '1\0', '99999999999999999999', '-1', '1e3'];

export function describeOperatorMarkers<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const withdraw = (id: string): Promise<boolean> =>
    scene().store.operator.withdraw(id, 'TENON_CANCELLED: no more', auditOf('kill', id));
  const redrive = (id: string): Promise<string | null> =>
    scene().store.operator.redrive(id, auditOf('redrive', id));
  const discard = (id: string): Promise<boolean> =>
    scene().store.operator.discard(id, 'nobody needs it', auditOf('discard', id));

  /** A saga that was killed before its first call, with its marker dead. */
  async function deadWithSaga(key: string | null = null): Promise<string> {
    const sessionId = await scene().session();
    const saga = await scene().hold(sessionId, {
      key,
      idempotencyKey: 'once',
      payload: { n: 7 },
      priority: 'high',
      traceContext: 'trace',
    });
    const exit = { kind: 'ends', marker: 'dead', reason: 'bad payload' } as const;
    await scene().record(sessionId, { ...ends(saga), exit });
    return saga.id;
  }

  describe('withdraw', () => {
    it('makes a pending marker dead, once, with the reason, and it is not taken in', async () => {
      const sessionId = await scene().session();
      const [id] = await scene().append({});
      expect(await withdraw(id!)).toBe(true);
      expect(await withdraw(id!)).toBe(false);
      const { marker, saga } = await scene().show(id!);
      expect(marker).toMatchObject({ status: 'dead', reason: 'TENON_CANCELLED: no more' });
      expect(marker.finishedAt).toBeInstanceOf(Date);
      expect(saga).toBeNull();
      expect((await scene().takeIn(sessionId)).held).toEqual([]);
      expect(await scene().audit()).toMatchObject([auditOf('kill', id!)]);
    });

    it('of the head of a key lets the next one run; of a parked one, nobody notices', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a', delayMs: LONG_MS }, { key: 'a' }, { key: 'a' });
      expect(await scene().takeIn(sessionId)).toMatchObject({ held: [], parked: 2 });
      expect(await withdraw(ids[0]!)).toBe(true);
      expect(await scene().statuses(ids)).toEqual(['dead', 'pending', 'parked']);
      const { held } = await scene().takeIn(sessionId);
      expect(idsOf(held)).toEqual([ids[1]]);
      expect(await withdraw(ids[2]!)).toBe(true);
      await scene().record(sessionId, ...held.map(ends));
      expect(await scene().release(sessionId, held)).toEqual([]);
      expect(await scene().statuses(ids)).toEqual(['dead', 'done', 'dead']);
    });

    it('answers false where a saga was made, and for what is not there', async () => {
      const saga = await scene().hold(await scene().session());
      for (const id of [saga.id, ...BAD_IDS]) expect(await withdraw(id)).toBe(false);
      expect(await scene().statuses([saga.id])).toEqual(['taken']);
      expect(await scene().audit()).toEqual([]);
    });
  });

  describe('redrive', () => {
    it('makes a dead marker pending and due, as if it had just come', async () => {
      const sessionId = await scene().session();
      const [id] = await scene().append({ delayMs: LONG_MS });
      await withdraw(id!);
      expect(await redrive(id!)).toBe(id);
      expect((await scene().show(id!)).marker).toMatchObject({
        status: 'pending',
        reason: null,
        finishedAt: null,
      });
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([id]);
      expect(await redrive(id!)).toBeNull();
      expect(await scene().audit()).toHaveLength(2);
    });

    it('of one with a saga makes a copy, to which the idempotency key goes over', async () => {
      const sessionId = await scene().session();
      const id = await deadWithSaga('a');
      const copy = await redrive(id);
      expect(copy).not.toBeNull();
      expect(copy).not.toBe(id);
      const [dead, fresh] = [await scene().show(id), await scene().show(copy!)];
      expect(dead.marker).toMatchObject({ status: 'done', idempotencyKey: null });
      expect(dead.marker.reason).toBe(`redriven as ${copy}: bad payload`);
      expect(fresh).toMatchObject({ saga: null, history: [] });
      expect(fresh.marker).toMatchObject({
        ...{
          status: 'pending',
          type: 'alpha',
          key: 'a',
          payload: { n: 7 },
          idempotencyKey: 'once',
        },
        ...{ priority: 1, traceContext: 'trace', deadlineAt: null, reason: null, finishedAt: null },
      });
      expect(await scene().appendAndAnswer({ idempotencyKey: 'once' })).toEqual([
        { id: copy, isDuplicate: true },
      ]);
      const { held } = await scene().takeIn(sessionId);
      expect(held).toMatchObject([{ id: copy, payload: { n: 7 }, history: [] }]);
      expect(await redrive(id)).toBeNull();
      expect(await scene().audit()).toMatchObject([auditOf('redrive', id)]);
    });

    it('by several at once makes one', async () => {
      const id = await deadWithSaga();
      const copies = await Promise.all([redrive(id), redrive(id), redrive(id)]);
      expect(copies.filter((copy) => copy !== null)).toHaveLength(1);
      expect(await scene().audit()).toHaveLength(1);
      const { store } = scene();
      expect(await store.operator.listMarkers({}, { after: null, limit: 10 })).toHaveLength(2);
    });

    it('waits for its key like any other', async () => {
      const sessionId = await scene().session();
      const [dead] = await scene().append({ key: 'a' });
      await withdraw(dead!);
      const running = await scene().hold(sessionId, { key: 'a' });
      expect(await redrive(dead!)).toBe(dead);
      expect(await scene().takeIn(sessionId)).toMatchObject({ held: [], parked: 1 });
      await scene().record(sessionId, ends(running));
      expect(idsOf(await scene().release(sessionId, [running]))).toEqual([dead]);
    });

    it('answers null for what is not dead or not there', async () => {
      const [pending] = await scene().append({});
      for (const id of [pending!, ...BAD_IDS]) expect(await redrive(id)).toBeNull();
      expect(await scene().audit()).toEqual([]);
    });
  });

  describe('discard', () => {
    it('makes a dead marker done, once, with the reason', async () => {
      const [id] = await scene().append({});
      expect(await discard(id!)).toBe(false);
      await withdraw(id!);
      const answers = await Promise.all([discard(id!), discard(id!)]);
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect((await scene().show(id!)).marker).toMatchObject({
        status: 'done',
        reason: 'nobody needs it',
      });
      expect(await redrive(id!)).toBeNull();
      expect(await scene().audit()).toHaveLength(2);
    });

    it('answers false for what is not there', async () => {
      for (const id of BAD_IDS) expect(await discard(id)).toBe(false);
      expect(await scene().audit()).toEqual([]);
    });
  });
}
