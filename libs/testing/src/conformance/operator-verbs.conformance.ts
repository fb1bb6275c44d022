// Goal: an operator's verb appends one row, takes the saga from its holder, and stands together with its audit row or not
// at all.
// Method: sagas that are paused, held and waiting; then the verb, and whoever held them comes too late.
import { callOf, ends, nextRow, operated, pauses, stays, waits } from './saga-records';
import { auditOf, idsOf, LONG_MS, useScene, type Scene } from './scene';
import type { HeldSaga } from '@tenon/core';
import type { OpenStore } from './store-under-test';

const DUE = { kind: 'due' } as const;
const ENDS = { kind: 'ends', reason: 'enough' } as const;

/** A saga that was paused, as its holder last knew it. */
async function pausedSaga<T>(
  scene: Scene<T>,
  sessionId: string,
  key: string | null = null,
): Promise<HeldSaga> {
  const saga = await scene.hold(sessionId, { key });
  await scene.record(sessionId, pauses(saga, false));
  const { history, marker, saga: now } = await scene.show(saga.id);
  return { ...saga, history, fence: now?.fence ?? 0, key: marker.key };
}

export function describeOperatorVerbs<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const operate = (
    saga: HeldSaga,
    to: Parameters<typeof operated>[1],
    exit: typeof DUE | typeof ENDS = DUE,
  ): Promise<boolean> =>
    scene().store.operator.operate(saga.id, operated(saga, to), exit, auditOf('retry', saga.id));

  describe('operate', () => {
    it('makes a paused saga due at once, with one row more, one fence more and one audit row', async () => {
      const sessionId = await scene().session();
      const saga = await pausedSaga(scene(), sessionId);
      expect(await scene().takeDue(sessionId)).toMatchObject({ held: [] });
      expect(await operate(saga, 'running')).toBe(true);
      const details = await scene().show(saga.id);
      expect(details.saga).toMatchObject({
        state: 'running',
        fence: saga.fence + 1,
        crashes: 0,
        isQueued: false,
      });
      expect(details.saga).toMatchObject({ reason: null, finishedAt: null });
      expect(details.saga?.dueInMs).toBeLessThanOrEqual(0);
      expect(details.history.at(-1)).toMatchObject({
        ...{ seq: 2, from: 'paused', to: 'running', outcome: 'moved', verb: 'retry' },
        ...{ reason: 'an operator said so', fence: saga.fence + 1, sessionId: null },
      });
      expect(details.history[0]).toMatchObject({ verb: null });
      expect(await scene().audit()).toMatchObject([auditOf('retry', saga.id)]);
      const { held } = await scene().takeDue(sessionId);
      expect(held).toMatchObject([
        { id: saga.id, fence: saga.fence + 2, history: details.history },
      ]);
    });

    it('makes a waiting saga due, and a queued one, whose ticket is worth nothing then', async () => {
      const sessionId = await scene().session();
      const waiting = await scene().hold(sessionId);
      await scene().record(sessionId, waits(waiting, LONG_MS));
      const [queued] = await scene().append({});
      const taken = await scene().takeIn(sessionId, { inlineMax: 0 });
      const { history } = await scene().show(waiting.id);
      expect(await operate({ ...waiting, history }, 'running')).toBe(true);
      expect(await operate({ ...waiting, id: queued!, history: [] }, 'ready')).toBe(true);
      expect(await scene().store.adopt(taken.queued, sessionId)).toEqual([]);
      expect(idsOf((await scene().takeDue(sessionId)).held)).toEqual(
        idsOf([waiting, { id: queued! }]),
      );
    });

    it('takes a saga away from its holder, all of whose later writes are stale', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      expect(await operate(saga, 'ready')).toBe(true);
      expect(await scene().record(sessionId, stays(saga))).toEqual([]);
      const late = { ...saga, history: (await scene().show(saga.id)).history };
      expect(await scene().record(sessionId, stays(late))).toEqual([]);
      expect(await scene().step(callOf(saga, sessionId), 'late', [nextRow(late)])).toBe(
        'overtaken',
      );
      expect(await scene().effects()).toEqual([]);
      expect(await scene().store.heldIds(sessionId)).toEqual([]);
    });

    it('ends a saga: its marker is done with the reason, and its key is free', async () => {
      const sessionId = await scene().session();
      const saga = await pausedSaga(scene(), sessionId, 'a');
      const [next] = await scene().append({ key: 'a' });
      expect(await scene().takeIn(sessionId)).toMatchObject({ held: [], parked: 1 });
      expect(await operate(saga, 'killed', ENDS)).toBe(true);
      const details = await scene().show(saga.id);
      expect(details.saga).toMatchObject({ state: 'killed', reason: 'enough', dueInMs: null });
      expect(details.saga?.finishedAt).toBeInstanceOf(Date);
      expect(details.marker).toMatchObject({ status: 'done', reason: 'enough' });
      expect(details.marker.finishedAt).toBeInstanceOf(Date);
      expect((await scene().takeDue(sessionId)).held).toEqual([]);
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([next]);
    });

    it('ends a saga that had let its key go, and leaves the one that has it', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, { key: 'a' });
      await scene().record(sessionId, pauses(saga, true));
      const next = await scene().hold(sessionId, { key: 'a' });
      const { history } = await scene().show(saga.id);
      expect(await operate({ ...saga, history }, 'killed', ENDS)).toBe(true);
      expect(await scene().statuses([saga.id, next.id])).toEqual(['done', 'taken']);
    });

    it('answers false when the history has grown, though the saga’s own row may not know, and writes nothing', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      expect(await scene().step(callOf(saga, sessionId), 'once', [nextRow(saga)])).toBe(
        'committed',
      );
      expect(await operate(saga, 'ready')).toBe(false);
      expect(await scene().store.heldIds(sessionId)).toEqual([saga.id]);
      const { history } = await scene().show(saga.id);
      expect(history).toHaveLength(1);
      expect(await scene().audit()).toEqual([]);
      expect(await operate({ ...saga, history }, 'paused')).toBe(true);
      expect((await scene().show(saga.id)).saga).toMatchObject({ state: 'paused' });
    });

    it('answers false for a row that is too far ahead, a saga that has ended, and one that is not there', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const ahead = { ...operated(saga, 'ready'), seq: 2 };
      const { operator } = scene().store;
      expect(await operator.operate(saga.id, ahead, DUE, auditOf('retry', saga.id))).toBe(false);
      await scene().record(sessionId, ends(saga));
      const { history } = await scene().show(saga.id);
      expect(await operate({ ...saga, history }, 'running')).toBe(false);
      for (const id of ['999999999', 'abc', '', '1\0', '99999999999999999999', '-1']) {
        expect(await operate({ ...saga, id }, 'running')).toBe(false);
      }
      expect(await scene().audit()).toEqual([]);
    });

    it('keeps the result that an operator gives for a call', async () => {
      const sessionId = await scene().session();
      const saga = await pausedSaga(scene(), sessionId);
      const row = nextRow(saga, { to: 'running', result: { paid: '1.00' }, verb: 'mark-done' });
      const audit = { ...auditOf('mark-done', saga.id), detail: null, reason: null };
      expect(await scene().store.operator.operate(saga.id, row, DUE, audit)).toBe(true);
      expect((await scene().show(saga.id)).history.at(-1)).toMatchObject({
        ...{ step: 'first', phase: 'action', outcome: 'succeeded' },
        ...{ result: { paid: '1.00' }, verb: 'mark-done' },
      });
      expect(await scene().audit()).toMatchObject([{ detail: null, reason: null }]);
    });

    it('a skipped call is written as such', async () => {
      const sessionId = await scene().session();
      const saga = await pausedSaga(scene(), sessionId);
      const row = nextRow(saga, { to: 'running', outcome: 'skipped', verb: 'skip' });
      expect(
        await scene().store.operator.operate(saga.id, row, DUE, auditOf('skip', saga.id)),
      ).toBe(true);
      expect((await scene().find(saga.id)).history.at(-1)).toMatchObject({
        outcome: 'skipped',
        verb: 'skip',
      });
    });
  });
}
