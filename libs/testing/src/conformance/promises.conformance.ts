// Goal: whoever goes on with a saga knows its deadline and its trace, however he came by it.
// Method: operations with both, seen through every method that answers held sagas, and after time has passed.
import type { HeldSaga } from '@tenon/core';
import { ends, waits } from './saga-records';
import { LONG_MS, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

const DEADLINE_MS = 600_000;
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01,vendor=1';
const PROMISED: Draft = { deadlineMs: DEADLINE_MS, traceContext: TRACE };
/** What a test may take, at most, between an append and a look. */
const SLACK_MS = 60_000;

export function describePromises<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const expectPromised = (held: readonly HeldSaga[], passedMs = 0): void => {
    expect(held).toHaveLength(1);
    expect(held[0]!.traceContext).toBe(TRACE);
    const left = DEADLINE_MS - passedMs;
    expect(held[0]!.deadlineInMs).toBeLessThanOrEqual(left);
    expect(held[0]!.deadlineInMs).toBeGreaterThan(left - SLACK_MS);
  };

  describe('a deadline and a trace context', () => {
    it('come with the saga that is taken in, and are null where there are none', async () => {
      const sessionId = await scene().session();
      await scene().append(PROMISED);
      expectPromised((await scene().takeIn(sessionId)).held);
      await scene().append({});
      const { held } = await scene().takeIn(sessionId);
      expect(held).toMatchObject([{ deadlineInMs: null, traceContext: null }]);
    });

    it('run by the database clock, from the append on', async () => {
      const sessionId = await scene().session();
      await scene().append(PROMISED);
      await scene().passTime(200_000);
      expectPromised((await scene().takeIn(sessionId)).held, 200_000);
    });

    it('are told below zero once they have passed, and hold nothing up', async () => {
      const sessionId = await scene().session();
      await scene().append(PROMISED);
      await scene().passTime(DEADLINE_MS + 5_000);
      expectPromised((await scene().takeIn(sessionId)).held, DEADLINE_MS + 5_000);
    });

    it('come with an adopted saga, and with one that is loaded', async () => {
      const [mine, sessionId] = [await scene().session(), await scene().session()];
      await scene().append(PROMISED);
      const { queued } = await scene().takeIn(sessionId, { inlineMax: 0 });
      const adopted = await scene().store.adopt(queued, mine);
      expectPromised(adopted);
      await scene().passTime(100_000);
      expectPromised(await scene().store.load([adopted[0]!.id], mine), 100_000);
    });

    it('come with a saga that was waiting', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId, PROMISED);
      await scene().record(sessionId, waits(saga, 100_000));
      await scene().passTime(100_001);
      expectPromised((await scene().takeDue(sessionId)).held, 100_001);
    });

    it('come with the next of a key', async () => {
      const sessionId = await scene().session();
      await scene().append({ key: 'a' }, { key: 'a', ...PROMISED });
      const { held } = await scene().takeIn(sessionId);
      await scene().record(sessionId, ...held.map(ends));
      expectPromised(await scene().release(sessionId, held));
    });

    it('of several markers in one append are each their own, with duplicates among them', async () => {
      const sessionId = await scene().session();
      await scene().append({ idempotencyKey: 'known', deadlineMs: LONG_MS });
      await scene().append(
        { payload: { n: 1 }, deadlineMs: 1_000_000, priority: 'low' },
        { idempotencyKey: 'known', deadlineMs: 1_000 },
        { payload: { n: 2 }, dueAt: new Date('2001-02-03T04:05:06Z') },
        { payload: { n: 3 }, delayMs: 1, ...PROMISED, traceContext: 'other' },
      );
      await scene().passTime(2);
      const { held } = await scene().takeIn(sessionId);
      const told = [...held].sort((a, b) => Number(a.id) - Number(b.id));
      expect(told.map(({ traceContext }) => traceContext)).toEqual([null, null, null, 'other']);
      const deadlines = told.map(({ deadlineInMs }) => deadlineInMs);
      const rounded = deadlines.map((ms) => (ms === null ? null : Math.ceil(ms / SLACK_MS)));
      expect(rounded).toEqual([60, 17, null, 10]);
    });
  });
}
