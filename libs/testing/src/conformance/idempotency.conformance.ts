// Goal: an operation that is asked for again, in any transaction and at any time, is done once.
// Method: appends with one key, one after another, at the same time, and in circles.
import { ends } from './saga-records';
import { marker, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

export function describeIdempotency<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

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

    it('that two transactions want in opposite order make one of them begin again', async () => {
      const callers = [await scene().begin(), await scene().begin()];
      // Names that no test before has used and deleted: InnoDB locks the gap beside a deleted entry until it is purged.
      const keys = ['opposite-1', 'opposite-2'];
      for (const [index, { tx }] of callers.entries()) {
        await scene().store.appendMarkers(tx, [marker({ idempotencyKey: keys[index]! })]);
      }
      const fates = callers.map(async ({ tx, commit, rollback }, index) => {
        try {
          await scene().store.appendMarkers(tx, [marker({ idempotencyKey: keys[1 - index]! })]);
          await commit();
          return 'committed';
        } catch (error) {
          await rollback();
          return scene().store.classify(error);
        }
      });
      expect((await Promise.all(fates)).sort()).toEqual(['committed', 'conflict']);
      expect((await scene().takeIn(await scene().session())).held).toHaveLength(2);
    });
  });
}
