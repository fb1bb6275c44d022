// Goal: an operation exists exactly if its business transaction committed, once per idempotency key, byte for byte.
// Method: transactions that commit, roll back and overlap, each judged by what another transaction sees afterwards.
import { JSON_DEPTH_MAX } from '@tenon/core';
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
      ['the deepest nesting', nested(JSON_DEPTH_MAX)],
      ['nested lists and objects', { list: [1, [2, { deep: [] }], {}], no: null, yes: true }],
    ])('brings the payload back as it was: %s', async (_, payload) => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, { payload });
      expect(saga.payload).toEqual(payload);
      expect((await scene().find(saga.id)).payload).toEqual(payload);
    });
  });
}

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}
