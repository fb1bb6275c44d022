// Goal: one look shows all that is known of an operation, and what waits is counted by type.
// Method: operations on their way from pending to ended, looked at at every stop.
import { callOf, ends, nextRow, pauses, stays, waits } from './saga-records';
import { auditOf, LONG_MS, UNKNOWN_TYPE, useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeOperatorDetails<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('findOperation', () => {
    it('shows a marker that waits, with all that was asked for', async () => {
      const [id] = await scene().append({
        ...{ key: 'a', payload: { n: [1, 'x'] }, idempotencyKey: 'once', delayMs: LONG_MS },
        ...{ priority: 'low', deadlineMs: 2 * LONG_MS, traceContext: 'trace' },
      });
      const details = await scene().show(id!);
      expect(details).toMatchObject({
        id,
        saga: null,
        history: [],
        fences: [],
        holder: null,
        behind: null,
        pause: null,
      });
      expect(details.marker).toMatchObject({
        ...{
          id,
          type: 'alpha',
          key: 'a',
          status: 'pending',
          priority: -1,
          reason: null,
          finishedAt: null,
        },
        ...{ payload: { n: [1, 'x'] }, idempotencyKey: 'once', traceContext: 'trace' },
      });
      const { createdAt, dueAt, deadlineAt, dueInMs } = details.marker;
      expect(Math.abs(dueAt.getTime() - createdAt.getTime() - LONG_MS)).toBeLessThan(60_000);
      expect(Math.abs(deadlineAt!.getTime() - createdAt.getTime() - 2 * LONG_MS)).toBeLessThan(
        60_000,
      );
      expect(dueInMs).toBeGreaterThan(LONG_MS / 2);
      expect(dueInMs).toBeLessThanOrEqual(LONG_MS);
    });

    it('shows who holds a saga, its history and its fences', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().step(callOf(saga, sessionId), 'once', [
        nextRow(saga, { result: { ok: true } }),
      ]);
      const details = await scene().show(saga.id);
      expect(details.holder).toMatchObject({ id: sessionId, worker: 'conformance', endedAt: null });
      expect(details.holder?.expiresInMs).toBeGreaterThan(0);
      expect(details.saga).toMatchObject({
        type: 'alpha',
        version: 1,
        fence: saga.fence,
        crashes: 0,
        isQueued: false,
        dueInMs: null,
      });
      expect(details.history).toEqual((await scene().find(saga.id)).history);
      expect(details.history).toMatchObject([
        { seq: 1, result: { ok: true }, fence: saga.fence, sessionId, verb: null },
      ]);
      expect(details.fences).toEqual([
        { step: 'first', phase: 'action', fence: saga.fence, at: expect.any(Date) as Date },
      ]);
      expect(details.marker.status).toBe('taken');
    });

    it('shows when a saga goes on, and that it is queued', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().record(sessionId, waits(saga, LONG_MS));
      const waiting = await scene().show(saga.id);
      expect(waiting.holder).toBeNull();
      expect(waiting.saga?.dueInMs).toBeGreaterThan(LONG_MS / 2);
      const [queued] = await scene().append({});
      await scene().takeIn(sessionId, { inlineMax: 0 });
      expect((await scene().show(queued!)).saga).toMatchObject({
        isQueued: true,
        state: 'ready',
        fence: 0,
      });
    });

    it('shows a paused saga and an ended one, neither of which is due', async () => {
      const sessionId = await scene().session();
      const [paused, ended] = [await scene().hold(sessionId), await scene().hold(sessionId)];
      await scene().record(sessionId, pauses(paused, false), ends(ended));
      expect((await scene().show(paused.id)).saga).toMatchObject({
        state: 'paused',
        reason: 'out of luck',
        dueInMs: null,
      });
      const done = await scene().show(ended.id);
      expect(done.saga).toMatchObject({ state: 'completed', reason: null, dueInMs: null });
      expect(done.saga?.finishedAt).toBeInstanceOf(Date);
      expect(done.marker).toMatchObject({ status: 'done' });
    });

    it('shows behind which operation of its key one waits, and only while it does', async () => {
      const sessionId = await scene().session();
      const [later, first, second] = await scene().append(
        { key: 'a', delayMs: LONG_MS },
        { key: 'a' },
        { key: 'a', type: 'beta' },
      );
      const behind = async (id: string | undefined): Promise<unknown> =>
        (await scene().show(id!)).behind;
      expect(await behind(later)).toBeNull();
      expect(await behind(first)).toEqual({ id: later, type: 'alpha', state: 'pending' });
      await scene().store.operator.withdraw(later!, 'no', auditOf('kill', later!));
      const { held } = await scene().takeIn(sessionId);
      expect(await behind(first)).toBeNull();
      expect(await behind(later)).toBeNull();
      expect(await behind(second)).toEqual({ id: first, type: 'alpha', state: 'ready' });
      await scene().record(sessionId, pauses(held[0]!, false));
      expect(await behind(second)).toEqual({ id: first, type: 'alpha', state: 'paused' });
      await scene().store.operator.redrive(later!, auditOf('redrive', later!));
      expect(await behind(later)).toEqual({ id: first, type: 'alpha', state: 'paused' });
    });

    it('shows that its type is paused', async () => {
      const [id] = await scene().append({});
      const pause = { type: 'alpha', by: 'ann', reason: 'closed' };
      await scene().store.operator.pauseType(pause, auditOf('pause-type', 'alpha'));
      expect((await scene().show(id!)).pause).toEqual({ ...pause, at: expect.any(Date) as Date });
    });

    it('knows nothing of what is not there', async () => {
      for (const id of ['999999999', 'abc', '', '1\0', '99999999999999999999', '-1', ' 1']) {
        expect(await scene().store.operator.findOperation(id)).toBeNull();
      }
    });
  });

  describe('backlog', () => {
    it('counts what waits, by type', async () => {
      expect(await scene().store.operator.backlog()).toEqual([]);
      const sessionId = await scene().session();
      const sagas = [];
      for (const type of ['alpha', 'alpha', 'alpha', 'beta'])
        sagas.push(await scene().hold(sessionId, { type }));
      const [first, second, , other] = sagas;
      await scene().record(sessionId, pauses(first!, false), stays(second!), ends(other!));
      const [dead] = await scene().append({ type: 'beta' });
      await scene().store.operator.withdraw(dead!, 'no', auditOf('kill', dead!));
      await scene().append({ priority: 'high' }, { type: UNKNOWN_TYPE, delayMs: LONG_MS });
      await scene().passTime(60_000);
      await scene().append({}, { priority: 'low' });
      const backlog = await scene().store.operator.backlog();
      expect(
        backlog.map((each) => ({ ...each, oldestPendingMs: each.oldestPendingMs > 0 })),
      ).toEqual([
        {
          type: 'alpha',
          pending: 3,
          oldestPendingMs: true,
          live: { paused: 1, ready: 1, running: 1 },
          dead: 0,
        },
        { type: 'beta', pending: 0, oldestPendingMs: false, live: {}, dead: 1 },
        { type: UNKNOWN_TYPE, pending: 0, oldestPendingMs: false, live: {}, dead: 0 },
      ]);
      expect(backlog[0]!.oldestPendingMs).toBeGreaterThanOrEqual(60_000);
      expect(backlog[0]!.oldestPendingMs).toBeLessThan(120_000);
    });
  });
}
