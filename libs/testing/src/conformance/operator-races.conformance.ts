// Goal: whoever comes to a saga at the same moment as an operator, one of them wins, the other is told, and history, effects
// and audit log say the same.
// Method: holders and operators set off together, again and again; and a handler that is held up in its transaction.
import { makeGate } from './gate';
import { callOf, ends, nextRow, operated, stays } from './saga-records';
import { auditOf, useScene } from './scene';
import type { HeldSaga } from '@tenon/core';
import type { OpenStore } from './store-under-test';

const ROUNDS = 8;
const DUE = { kind: 'due' } as const;

export function describeOperatorRaces<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const operate = (saga: HeldSaga, to: 'ready' | 'killed' = 'ready'): Promise<boolean> =>
    scene().store.operator.operate(
      saga.id,
      operated(saga, to, to === 'killed' ? 'kill' : 'retry'),
      to === 'killed' ? { kind: 'ends', reason: null } : DUE,
      auditOf('retry', saga.id),
    );

  /** Rows are numbered without a gap, and the saga's fence is the last row's or newer. */
  async function expectSound(id: string, length: number): Promise<void> {
    const { history, saga } = await scene().show(id);
    expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length }, (_, index) => index + 1));
    expect(saga?.fence).toBeGreaterThanOrEqual(history.at(-1)?.fence ?? 0);
  }

  describe('an operator and others at the same moment', () => {
    it('of many operators one changes the saga, and is the one in the audit log', async () => {
      const sessionId = await scene().session();
      for (let round = 0; round < ROUNDS; round += 1) {
        const saga = await scene().hold(sessionId);
        const answers = await Promise.all([1, 2, 3, 4].map(() => operate(saga)));
        expect(answers.filter(Boolean)).toHaveLength(1);
        await expectSound(saga.id, 1);
        expect(await scene().audit()).toHaveLength(round + 1);
      }
    });

    it('a group commit or the operator', async () => {
      const sessionId = await scene().session();
      for (let round = 0; round < ROUNDS; round += 1) {
        const saga = await scene().hold(sessionId);
        const entry = round % 2 === 0 ? stays(saga) : ends(saga);
        const [isOperated, recorded] = await Promise.all([
          operate(saga, round % 4 < 2 ? 'ready' : 'killed'),
          scene().record(sessionId, entry),
        ]);
        expect(recorded).toEqual(isOperated ? [] : [saga.id]);
        await expectSound(saga.id, isOperated ? 1 : entry.transitions.length);
      }
    });

    it.each(['running', 'completed'] as const)(
      'a handler that commits (%s) or the operator',
      async (to) => {
        const sessionId = await scene().session();
        let committed = 0;
        for (let round = 0; round < ROUNDS; round += 1) {
          const saga = await scene().hold(sessionId);
          const [isOperated, answer] = await Promise.all([
            operate(saga, round % 2 === 0 ? 'ready' : 'killed'),
            scene().step(callOf(saga, sessionId), saga.id, [nextRow(saga, { to })]),
          ]);
          expect(answer).toBe(isOperated ? 'overtaken' : 'committed');
          if (!isOperated) committed += 1;
          await expectSound(saga.id, 1);
          expect(await scene().effects()).toHaveLength(committed);
        }
      },
    );

    it('a handler in the middle of its transaction comes too late, and leaves nothing', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const [inside, gate] = [makeGate(), makeGate()];
      const call = callOf(saga, sessionId);
      const running = scene().store.inStepTransaction(
        call,
        new AbortController().signal,
        async (tx) => {
          await scene().writeEffect(tx, 'late');
          inside.open();
          await gate.opened;
          return [nextRow(saga)];
        },
      );
      await inside.opened;
      expect(await operate(saga)).toBe(true);
      gate.open();
      expect(await running).toBe('overtaken');
      expect(await scene().effects()).toEqual([]);
      const { held } = await scene().takeDue(sessionId);
      expect(held).toHaveLength(1);
      const again = callOf(held[0]!, sessionId);
      expect(await scene().step(again, 'again', [nextRow(held[0]!, { to: 'running' })])).toBe(
        'committed',
      );
    });

    it('an intake or the withdrawal of a marker', async () => {
      const sessionId = await scene().session();
      for (let round = 0; round < ROUNDS; round += 1) {
        const [id] = await scene().append({});
        const [isWithdrawn, { held }] = await Promise.all([
          scene().store.operator.withdraw(id!, 'no more', auditOf('kill', id!)),
          scene().takeIn(sessionId),
        ]);
        expect(held).toHaveLength(isWithdrawn ? 0 : 1);
        expect(await scene().statuses([id!])).toEqual([isWithdrawn ? 'dead' : 'taken']);
      }
    });
  });
}
