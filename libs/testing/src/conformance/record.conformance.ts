// Goal: what a group commit records is whole, in order and only from the holder; one bad entry harms no other.
// Method: batches of records of every kind, with stale and poisonous entries among them, judged by the report of each saga.
import { InvariantError, replay, saga as declare } from '@tenon/core';
import { ends, nextRow, pauses, row, stays, waits } from './saga-records';
import { idsOf, useScene } from './scene';
import type { OpenStore } from './store-under-test';

const LEASE_MS = 10_000;

export function describeRecord<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('record', () => {
    it('stays: the rows are in the history and the session goes on', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const rows = [
        nextRow(saga, {
          to: 'trying',
          step: 'debit',
          phase: 'try',
          result: { id: '7', to: ['žluť'] },
          durationMs: 12,
        }),
        row(2, {
          from: 'trying',
          to: 'confirming',
          step: 'credit',
          phase: 'try',
          attempt: 3,
          outcome: 'succeeded',
        }),
      ];
      expect(await scene().record(sessionId, stays(saga, rows))).toEqual([saga.id]);
      const report = await scene().find(saga.id);
      expect(report).toMatchObject({
        markerStatus: 'taken',
        state: 'confirming',
        finishedAt: null,
        history: rows,
      });
      expect(report.history).toMatchObject(
        rows.map(() => ({ fence: saga.fence, sessionId, at: expect.any(Date) as Date })),
      );
      expect(await scene().store.heldIds(sessionId)).toEqual([saga.id]);
    });

    it('waits: the saga is let go', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      expect(await scene().record(sessionId, waits(saga, 60_000))).toEqual([saga.id]);
      expect(await scene().store.heldIds(sessionId)).toEqual([]);
      expect(await scene().find(saga.id)).toMatchObject({ markerStatus: 'taken', state: 'ready' });
      await scene().passTime(60_001);
      const [again] = (await scene().takeDue(sessionId)).held;
      expect(again!.history.map(({ seq, to }) => [seq, to])).toEqual([
        [1, 'running'],
        [2, 'ready'],
      ]);
    });

    it('ends: saga and marker are finished, and nobody gets the saga again', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, { key: 'a' });
      expect(await scene().record(sessionId, ends(saga))).toEqual([saga.id]);
      const report = await scene().find(saga.id);
      expect(report).toMatchObject({ markerStatus: 'done', state: 'completed', reason: null });
      expect(report.finishedAt).toBeInstanceOf(Date);
      expect(await scene().store.heldIds(sessionId)).toEqual([]);
      expect((await scene().takeDue(sessionId)).held).toEqual([]);
      expect(await scene().record(sessionId, stays(saga))).toEqual([]);
    });

    it('ends: a compensated or dead operation tells why', async () => {
      const sessionId = await scene().session();
      const [one, two] = [await scene().hold(sessionId), await scene().hold(sessionId)];
      const undone = {
        ...stays(one, [
          row(1, { to: 'compensating' }),
          row(2, { from: 'compensating', to: 'compensated' }),
        ]),
      };
      const dead = stays(two, [
        row(1, { step: null, phase: null, to: 'killed', outcome: 'moved' }),
      ]);
      await scene().record(
        sessionId,
        { ...undone, exit: { kind: 'ends', marker: 'done', reason: 'bank closed' } },
        { ...dead, exit: { kind: 'ends', marker: 'dead', reason: 'bad payload' } },
      );
      expect(await scene().find(one.id)).toMatchObject({
        markerStatus: 'done',
        state: 'compensated',
        reason: 'bank closed',
      });
      expect(await scene().find(two.id)).toMatchObject({
        markerStatus: 'dead',
        state: 'killed',
        reason: 'bad payload',
      });
    });

    it('pauses: the saga stops where it is, and keeps its key unless told to let it go', async () => {
      const sessionId = await scene().session();
      const [holds, frees] = [
        await scene().hold(sessionId, { key: 'a' }),
        await scene().hold(sessionId, { key: 'b' }),
      ];
      expect(await scene().record(sessionId, pauses(holds, false), pauses(frees, true))).toEqual(
        idsOf([holds, frees]),
      );
      expect(await scene().find(holds.id)).toMatchObject({
        markerStatus: 'taken',
        state: 'paused',
        reason: 'out of luck',
      });
      expect(await scene().find(frees.id)).toMatchObject({
        markerStatus: 'done',
        state: 'paused',
        reason: 'out of luck',
      });
      await scene().passTime(LEASE_MS);
      expect((await scene().takeDue(sessionId)).held).toEqual([]);
      expect(await scene().store.heldIds(sessionId)).toEqual([]);
    });

    it('records nothing under an older fence, for another session, or for a saga that is not there', async () => {
      const [mine, other] = [await scene().session(), await scene().session()];
      const saga = await scene().hold(mine);
      const stale = { ...stays(saga), fence: saga.fence - 1 };
      expect(await scene().record(mine, stale, { ...stays(saga), id: '999999999' })).toEqual([]);
      expect(await scene().record(other, stays(saga))).toEqual([]);
      expect(await scene().record(mine)).toEqual([]);
      expect((await scene().find(saga.id)).history).toEqual([]);
    });

    it('records nothing of an entry whose number is taken, all of one that goes on where the history ends', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().record(sessionId, stays(saga));
      expect(await scene().record(sessionId, ends(saga))).toEqual([]);
      expect(await scene().find(saga.id)).toMatchObject({
        markerStatus: 'taken',
        state: 'running',
        history: [{ seq: 1 }],
      });
      const [loaded] = await scene().store.load([saga.id], sessionId);
      expect(await scene().record(sessionId, ends(loaded!))).toEqual([saga.id]);
    });

    it('leaves a chain that can be replayed, over many commits, holders and waits', async () => {
      const definition = declare('alpha', { version: 1, input: { parse: (payload) => payload } });
      let sessionId = await scene().session(LEASE_MS);
      let saga = await scene().hold(sessionId);
      for (const round of [1, 2, 3]) {
        await scene().record(
          sessionId,
          round === 2 ? waits(saga, 0) : stays(saga, [nextRow(saga), row(saga.history.length + 2)]),
        );
        await scene().passTime(LEASE_MS + 1);
        await scene().store.endLapsedSessions();
        sessionId = await scene().session(LEASE_MS);
        [saga] = (await scene().takeDue(sessionId)).held as [typeof saga];
      }
      await scene().record(sessionId, ends(saga));
      const { history } = await scene().find(saga.id);
      expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
      expect(() => replay(definition, history)).not.toThrow(InvariantError);
      const fences = history.map(({ fence }) => fence);
      expect(fences).toEqual([...fences].sort((a, b) => a - b));
    });
  });
}
