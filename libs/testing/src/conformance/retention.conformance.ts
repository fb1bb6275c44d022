// Goal: what ended long ago can be deleted with all that belongs to it, and nothing else is ever touched.
// Method: operations in every state, old and young, some of them locked by others; what is found, and what is left.
import type { HeldSaga, SagaRecord } from '@tenon/core';
import { callOf, ends, nextRow, pauses, row, stays, waits } from './saga-records';
import { UNKNOWN_TYPE, idsOf, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

const DAY_MS = 86_400_000;
const RETENTION_MS = 30 * DAY_MS;

export function describeRetention<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const many = (count: number): readonly Draft[] => Array.from({ length: count }, () => ({}));
  /** So many operations that have ended. */
  const ended = async (count: number): Promise<readonly string[]> => {
    const sessionId = await scene().session();
    await scene().append(...many(count));
    const { held } = await scene().takeIn(sessionId);
    return scene().record(sessionId, ...held.map(ends));
  };
  /** Every id that is found, in steps of `limit`. */
  const findAll = async (limit: number): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let after: string | null = '0'; after !== null;) {
      const old = await scene().store.findOld(RETENTION_MS, after, limit);
      expect(old.ids.length).toBeLessThanOrEqual(limit);
      found.push(...old.ids);
      after = old.next;
    }
    return found;
  };
  const killed = (saga: HeldSaga, marker: 'done' | 'dead'): SagaRecord => ({
    ...stays(saga, [nextRow(saga, { to: 'killed', outcome: 'moved' })]),
    exit: { kind: 'ends', marker, reason: 'killed' },
  });

  describe('operations that ended long ago', () => {
    it('are found once their time has come, the oldest first, a limited number at a time', async () => {
      const ids = await ended(7);
      expect(await findAll(100)).toEqual([]);
      await scene().passTime(RETENTION_MS + 1);
      const young = await ended(3);
      expect(await scene().store.findOld(RETENTION_MS, '0', 3)).toMatchObject({
        ids: ids.slice(0, 3),
        next: expect.any(String) as string,
      });
      expect(await findAll(3)).toEqual(ids);
      await scene().passTime(RETENTION_MS + 1);
      expect(await findAll(100)).toEqual([...ids, ...young]);
    });

    it('are deleted with all that belongs to them: the idempotency key is free, and a late call does nothing', async () => {
      const sessionId = await scene().session(2 * RETENTION_MS);
      const saga = await scene().hold(sessionId, { idempotencyKey: 'once', key: 'a' });
      await scene().step(callOf(saga, sessionId), 'done', [row(1)]);
      const [now] = await scene().store.load([saga.id], sessionId);
      await scene().record(sessionId, ends(now!));
      await scene().passTime(RETENTION_MS + 1);
      const reports = await scene().store.findSagas([saga.id, '999999999']);
      expect(reports).toEqual([await scene().find(saga.id)]);
      expect(await scene().store.deleteOld([saga.id, '999999999'])).toBe(1);
      expect(await scene().store.deleteOld([saga.id])).toBe(0);
      expect(await scene().store.findSaga(saga.id)).toBeNull();
      expect(await scene().store.tidyFences(0, 100)).toBe(0);
      expect(await scene().step(callOf(saga, sessionId), 'late', [row(1)])).toBe('overtaken');
      const [again] = await scene().appendAndAnswer({ idempotencyKey: 'once', key: 'a' });
      expect(again).toMatchObject({ isDuplicate: false });
      expect(again!.id).not.toBe(saga.id);
    });

    it('are none of those that live, are paused, were killed or are dead', async () => {
      const sessionId = await scene().session(2 * RETENTION_MS);
      const ids = await scene().append(
        ...many(6),
        { type: UNKNOWN_TYPE },
        { delayMs: RETENTION_MS * 9 },
      );
      const { held } = await scene().takeIn(sessionId);
      const [running, waiting, blocking, skipping, done, dead] = held as [
        ...[HeldSaga, HeldSaga, HeldSaga, HeldSaga, HeldSaga, HeldSaga],
      ];
      const records = [stays(running), waits(waiting, 1), pauses(blocking, false)];
      const more = [pauses(skipping, true), killed(done, 'done'), killed(dead, 'dead')];
      expect(await scene().record(sessionId, ...records, ...more)).toHaveLength(6);
      await scene().passTime(RETENTION_MS + 1);
      // Nothing is buried while nobody works.
      await scene().session();
      expect(await scene().store.buryUnserved(0)).toBe(1);
      await scene().passTime(RETENTION_MS + 1);
      expect(await findAll(2)).toEqual([]);
      expect(await scene().store.deleteOld(ids)).toBe(0);
      for (const id of ids) await scene().find(id);
      expect(await scene().store.findSagas(ids)).toHaveLength(ids.length);
    });

    it('are found behind any number of those that are kept', async () => {
      const sessionId = await scene().session();
      const kept = await scene().append(...many(45));
      await scene().takeIn(sessionId);
      const ids = await ended(3);
      await scene().passTime(RETENTION_MS + 1);
      expect(kept).toHaveLength(45);
      expect(await findAll(2)).toEqual(ids);
    });

    it('are deleted once, whoever else is deleting them', async () => {
      const ids = await ended(40);
      const counts = await Promise.all(
        [1, 2, 3, 4].map(() =>
          scene()
            .store.deleteOld(ids)
            .catch(() => 0),
        ),
      );
      const left = await scene().store.deleteOld(ids);
      expect(counts.reduce((sum, count) => sum + count, left)).toBe(40);
      expect(idsOf(await scene().store.findSagas(ids))).toEqual([]);
    });

    it('cost nothing where there are none', async () => {
      expect(await scene().store.findOld(RETENTION_MS, '0', 10)).toEqual({ ids: [], next: null });
      expect(await scene().store.deleteOld([])).toBe(0);
      expect(await scene().store.findSagas([])).toEqual([]);
    });
  });
}
