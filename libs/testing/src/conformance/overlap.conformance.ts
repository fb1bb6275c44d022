// Goal: steps that run at the same time, or end too late, leave one effect or none.
// Method: steps that are stopped half-way by a gate while another call or session acts.
import type { HeldSaga } from '@tenon/core';
import { makeGate } from './gate';
import { callOf, nextRow, row } from './saga-records';
import { useScene } from './scene';
import type { OpenStore } from './store-under-test';

const LEASE_MS = 10_000;
/** A store may make others wait for an open step, or refuse the step at its end: for so long the first is looked for. */
const BLOCKED_MS = 500;

export function describeOverlap<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const noAbort = (): AbortSignal => new AbortController().signal;

  describe('overlapping steps', () => {
    it('two calls of one phase at the same time have one effect', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const call = callOf(saga, sessionId);
      const commits = await Promise.all(
        ['a', 'b', 'c'].map((name) => scene().step(call, name, [nextRow(saga)])),
      );
      expect([...commits].sort()).toEqual(['committed', 'overtaken', 'overtaken']);
      expect(await scene().effects()).toHaveLength(1);
    });

    it('the second of two calls gets its turn when the first is rolled back', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const call = callOf(saga, sessionId);
      const gate = makeGate();
      const entered = makeGate();
      const first = scene().store.inStepTransaction(call, noAbort(), async (tx) => {
        await scene().writeEffect(tx, 'first');
        entered.open();
        await gate.opened;
        return null;
      });
      await Promise.race([entered.opened, first]);
      const second = scene().step(call, 'second', [nextRow(saga)]);
      gate.open();
      expect(await Promise.all([first, second])).toEqual(['rolledBack', 'committed']);
      expect(await scene().effects()).toEqual(['second']);
    });

    it('a cancel waits for the try that is still running, and then knows what became of it', async () => {
      const sessionId = await scene().session();
      for (const rows of [[row(1)], null]) {
        const saga = await scene().hold(sessionId);
        const [gate, entered] = [makeGate(), makeGate()];
        const tried = scene().store.inStepTransaction(
          callOf(saga, sessionId, 'try'),
          noAbort(),
          async () => {
            entered.open();
            await gate.opened;
            return rows;
          },
        );
        await Promise.race([entered.opened, tried]);
        const seen: boolean[] = [];
        const cancelled = scene().store.inStepTransaction(
          callOf(saga, sessionId, 'cancel'),
          noAbort(),
          async (_, isEmpty) => {
            seen.push(isEmpty);
            return [row(2)];
          },
        );
        gate.open();
        expect(await Promise.all([tried, cancelled])).toEqual([
          rows === null ? 'rolledBack' : 'committed',
          'committed',
        ]);
        expect(seen).toEqual([rows === null]);
      }
    });

    it('steps of different sagas do not wait for each other', async () => {
      const sessionId = await scene().session();
      const [slow, quick] = [await scene().hold(sessionId), await scene().hold(sessionId)];
      const [gate, entered] = [makeGate(), makeGate()];
      const open = scene().store.inStepTransaction(callOf(slow, sessionId), noAbort(), async () => {
        entered.open();
        await gate.opened;
        return [row(1)];
      });
      await Promise.race([entered.opened, open]);
      expect(await scene().step(callOf(quick, sessionId), 'quick', [row(1)])).toBe('committed');
      gate.open();
      expect(await open).toBe('committed');
    });

    it('a step whose saga moves on is refused whole, or is in before the next holder looks', async () => {
      const [slow, next] = [await scene().session(LEASE_MS), await scene().session()];
      const saga = await scene().hold(slow);
      const [gate, entered] = [makeGate(), makeGate()];
      const late = scene().store.inStepTransaction(callOf(saga, slow), noAbort(), async (tx) => {
        await scene().writeEffect(tx, 'late');
        entered.open();
        await gate.opened;
        return [nextRow(saga)];
      });
      await Promise.race([entered.opened, late]);
      const taken = takeOver(next);
      await Promise.race([taken, new Promise((resolve) => setTimeout(resolve, BLOCKED_MS))]);
      gate.open();
      const commit = await late;
      const { id, history } = await taken;
      const effects = await scene().effects();
      expect([commit, effects, history.length]).toEqual(
        commit === 'committed' ? ['committed', ['late'], 1] : ['overtaken', [], 0],
      );
      expect((await scene().find(id)).history).toEqual(history);
    });
  });

  /** Lets the lease lapse and takes the one saga over; a store may skip it while the late step keeps its row locked. */
  async function takeOver(sessionId: string): Promise<HeldSaga> {
    await scene().passTime(LEASE_MS + 1);
    while (true) {
      await scene().store.endLapsedSessions();
      const [saga] = (await scene().takeDue(sessionId)).held;
      if (saga !== undefined) return saga;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
