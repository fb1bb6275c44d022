// Goal: a step's effect happens exactly once, together with its record, whoever calls it, how often and how late.
// Method: calls that commit, roll back, throw, overlap, come late and never end; the business rows tell what happened.
import { callOf, nextRow, row, stays } from './saga-records';
import { marker, useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeStepTransaction<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const noAbort = (): AbortSignal => new AbortController().signal;

  describe('inStepTransaction', () => {
    it('commits the effect and its record together', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const before = scene().store.counters().handlerCommits;
      const rows = [
        nextRow(saga, { result: { amount: '12.30' } }),
        row(2, { step: null, phase: null, outcome: 'moved' }),
      ];
      const commit = await scene().store.inStepTransaction(
        callOf(saga, sessionId),
        noAbort(),
        async (tx, isEmpty) => {
          await scene().writeEffect(tx, `empty: ${isEmpty}`);
          expect(await scene().effects()).toEqual([]);
          return rows;
        },
      );
      expect(commit).toBe('committed');
      expect(await scene().effects()).toEqual(['empty: false']);
      expect(await scene().store.load([saga.id], sessionId)).toMatchObject([
        { fence: saga.fence, history: rows },
      ]);
      expect(scene().store.counters().handlerCommits - before).toBe(1);
    });

    it('lets a later record go on behind the rows that it committed', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().step(callOf(saga, sessionId), 'done', [nextRow(saga)]);
      const advanced = { ...stays(saga), transitions: [], seq: 1 };
      expect(await scene().record(sessionId, advanced)).toEqual([saga.id]);
      expect(await scene().find(saga.id)).toMatchObject({
        state: 'running',
        history: [{ seq: 1, fence: saga.fence, sessionId }],
      });
      const next = stays(saga, [row(2)]);
      expect(await scene().record(sessionId, next)).toEqual([saga.id]);
    });

    it('makes an appended operation visible with its commit, and calls back', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const callback = jest.fn();
      await scene().store.inStepTransaction(callOf(saga, sessionId), noAbort(), async (tx) => {
        await scene().store.appendMarkers(tx, [marker({ key: 'child' })]);
        scene().store.afterCommit(tx, callback);
        return [nextRow(saga)];
      });
      expect(callback).toHaveBeenCalledTimes(1);
      expect((await scene().takeIn(sessionId)).held).toMatchObject([{ key: 'child' }]);
    });

    it('rolls back when the work answers null, and the phase can be called again', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const call = callOf(saga, sessionId, 'try');
      expect(await scene().step(call, 'refused', null)).toBe('rolledBack');
      expect(await scene().effects()).toEqual([]);
      expect(await scene().step(call, 'second', [nextRow(saga)])).toBe('committed');
      expect(await scene().effects()).toEqual(['second']);
    });

    it('rolls back when the work throws, with that error, and the phase can be called again', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const call = callOf(saga, sessionId);
      const failed = scene().store.inStepTransaction(call, noAbort(), async (tx) => {
        await scene().writeEffect(tx, 'half');
        throw new RangeError('no more paper');
      });
      await expect(failed).rejects.toThrow(new RangeError('no more paper'));
      expect(await scene().effects()).toEqual([]);
      expect(await scene().step(call, 'second', [nextRow(saga)])).toBe('committed');
    });

    it('rolls back when the database refuses the rows, as an error of the data', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const error: unknown = await scene()
        .step(callOf(saga, sessionId), 'half', [nextRow(saga, { errorCode: 'x'.repeat(65) })])
        .catch((thrown: unknown) => thrown);
      expect(scene().store.classify(error)).toBe('data');
      expect(scene().store.classify(new Error('something else'))).toBe('other');
      expect(await scene().effects()).toEqual([]);
      expect((await scene().find(saga.id)).history).toEqual([]);
    });

    it('does a phase once: the second call is overtaken and calls nothing', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const call = callOf(saga, sessionId);
      await scene().step(call, 'once', [nextRow(saga)]);
      const work = jest.fn(async () => []);
      expect(await scene().store.inStepTransaction(call, noAbort(), work)).toBe('overtaken');
      expect(work).toHaveBeenCalledTimes(0);
      expect(await scene().effects()).toEqual(['once']);
    });

    it('tells steps and phases apart, byte by byte', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const names = ['debit', 'Debit', 'débit'];
      for (const [index, name] of names.entries()) {
        const rows = [row(index + 1, { step: name, phase: 'try' })];
        expect(await scene().step(callOf(saga, sessionId, 'try', name), name, rows)).toBe(
          'committed',
        );
      }
      expect(await scene().effects()).toEqual(names);
    });

    it('calls nothing for a stale fence, another session, or a saga that is not there', async () => {
      const [sessionId, other] = [await scene().session(), await scene().session()];
      const saga = await scene().hold(sessionId);
      const work = jest.fn(async () => []);
      const call = callOf(saga, sessionId);
      const strangers = [
        { ...call, fence: call.fence - 1 },
        { ...call, sessionId: other },
        { ...call, sagaId: '999999999' },
      ];
      for (const stranger of strangers) {
        expect(await scene().store.inStepTransaction(stranger, noAbort(), work)).toBe('overtaken');
      }
      expect(work).toHaveBeenCalledTimes(0);
    });
  });
}
