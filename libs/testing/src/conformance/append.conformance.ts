// Goal: an operation exists exactly if its business transaction committed, once per idempotency key, byte for byte.
// Method: transactions that commit, roll back and overlap, each judged by what another transaction sees afterwards.
import { ends } from './saga-records';
import { marker, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

export function describeAppend<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('append', () => {
    it('commits with the business rows of the transaction it was given', async () => {
      const { tx, commit } = await scene().begin();
      await scene().writeEffect(tx, 'paid');
      const [appended] = await scene().store.appendMarkers(tx, [marker({ key: 'a' })]);
      expect(await scene().store.findSaga(appended!.id)).toBeNull();
      await commit();
      expect(await scene().effects()).toEqual(['paid']);
      expect(await scene().find(appended!.id)).toMatchObject({
        id: appended!.id,
        type: 'alpha',
        key: 'a',
        markerStatus: 'pending',
        state: null,
        version: null,
        history: [],
        finishedAt: null,
      });
    });

    it('rolls back with them', async () => {
      const { tx, rollback } = await scene().begin();
      await scene().writeEffect(tx, 'paid');
      const [appended] = await scene().store.appendMarkers(tx, [marker({})]);
      await rollback();
      expect(await scene().effects()).toEqual([]);
      expect(await scene().store.findSaga(appended!.id)).toBeNull();
      expect(await scene().takeIn(await scene().session())).toEqual({
        held: [],
        queued: [],
        parked: 0,
      });
    });

    it('undoes what was appended in a nested transaction that was rolled back, and keeps the rest', async () => {
      const caller = await scene().begin();
      const [kept] = await scene().store.appendMarkers(caller.tx, [marker({})]);
      let lostId = '';
      const nested = caller.nested(async (tx) => {
        const [lost] = await scene().store.appendMarkers(tx, [marker({})]);
        lostId = lost!.id;
        throw new Error('changed my mind');
      });
      await expect(nested).rejects.toThrow('changed my mind');
      await caller.commit();
      expect(await scene().statuses([kept!.id])).toEqual(['pending']);
      expect(await scene().store.findSaga(lostId)).toBeNull();
    });

    it('refuses to write outside a transaction, where a marker could exist without its business rows', async () => {
      const appended = scene().store.appendMarkers(scene().outside, [marker({})]);
      await expect(appended).rejects.toMatchObject({ code: 'TENON_NOT_IN_TRANSACTION' });
    });

    it('answers many in their order, with ids that grow', async () => {
      const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
      const ids = await scene().append(...keys.map((key): Draft => ({ key })));
      const reports = await Promise.all([0, 1, 150, 299].map((i) => scene().find(ids[i]!)));
      expect(reports.map(({ key }) => key)).toEqual(['k0', 'k1', 'k150', 'k299']);
      const numbers = ids.map(Number);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    });

    it('accepts an empty list', async () => {
      expect(await scene().appendAndAnswer()).toEqual([]);
    });

    it.each<[string, unknown]>([
      ['nothing', null],
      ['a number', 42.5],
      ['a text with quotes and a backslash', 'it\'s "so" \\ and \n'],
      ['integers and decimals as text', { id: '7088992364139643288', amount: '10000.00' }],
      ['unicode', { 'naïve key': '\u{1F4B8} žluťoučký 漢字 \u200b' }],
      ['nested lists and objects', { list: [1, [2, { deep: [] }], {}], no: null, yes: true }],
    ])('brings the payload back as it was: %s', async (_, payload) => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, { payload });
      expect(saga.payload).toEqual(payload);
      expect((await scene().find(saga.id)).payload).toEqual(payload);
    });
  });

  describe('idempotency keys', () => {
    const once: Draft = { idempotencyKey: 'order-1' };

    it('make one operation of two appends, in two transactions', async () => {
      const [first] = await scene().appendAndAnswer(once);
      const [second] = await scene().appendAndAnswer({ ...once, payload: { other: true } });
      expect(first!.isDuplicate).toBe(false);
      expect(second).toEqual({ id: first!.id, isDuplicate: true });
      expect((await scene().find(first!.id)).payload).toEqual({});
    });

    it('make one operation of two appends in one transaction, and in one call', async () => {
      const { tx, commit } = await scene().begin();
      const [a, b, c] = await scene().store.appendMarkers(tx, [once, {}, once].map(marker));
      const [d] = await scene().store.appendMarkers(tx, [marker(once)]);
      await commit();
      expect([a, b, c, d].map((each) => each!.isDuplicate)).toEqual([false, false, true, true]);
      expect([c!.id, d!.id]).toEqual([a!.id, a!.id]);
      expect(b!.id).not.toBe(a!.id);
    });

    it('make one operation of two transactions at the same time, when the first commits', async () => {
      const [a, b] = [await scene().begin(), await scene().begin()];
      const [first] = await scene().store.appendMarkers(a.tx, [marker(once)]);
      const second = scene().store.appendMarkers(b.tx, [marker(once), marker({})]);
      await a.commit();
      expect(await second).toMatchObject([
        { id: first!.id, isDuplicate: true },
        { isDuplicate: false },
      ]);
      await b.commit();
      const { held } = await scene().takeIn(await scene().session());
      expect(held).toHaveLength(2);
    });

    it('let the second transaction append, when the first rolls back', async () => {
      const [a, b] = [await scene().begin(), await scene().begin()];
      await scene().store.appendMarkers(a.tx, [marker(once)]);
      const second = scene().store.appendMarkers(b.tx, [marker(once)]);
      await a.rollback();
      const [appended] = await second;
      expect(appended!.isDuplicate).toBe(false);
      await b.commit();
      expect(await scene().statuses([appended!.id])).toEqual(['pending']);
    });

    it('are still known when the operation has long ended', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, once);
      await scene().record(sessionId, ends(saga));
      expect(await scene().appendAndAnswer(once)).toEqual([{ id: saga.id, isDuplicate: true }]);
    });

    it('belong to an operation type: the same key under two types makes two operations', async () => {
      const answers = await scene().appendAndAnswer(once, { ...once, type: 'beta' });
      expect(answers.map(({ isDuplicate }) => isDuplicate)).toEqual([false, false]);
    });

    it('differ when case, accent, a trailing space or the form of a character differs', async () => {
      const keys = [
        'Abc',
        'abc',
        'Ábc',
        'A\u0301bc',
        'Abc ',
        ' Abc',
        'x'.repeat(190),
        'x'.repeat(189),
      ];
      const answers = await scene().appendAndAnswer(
        ...keys.map((idempotencyKey): Draft => ({ idempotencyKey })),
      );
      expect(answers.map(({ isDuplicate }) => isDuplicate)).toEqual(keys.map(() => false));
    });
  });
}
