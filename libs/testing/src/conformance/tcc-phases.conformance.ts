// Goal: what was tried is confirmed or cancelled once, and what was never tried can never be tried afterwards.
// Method: the phases of a branch in every order in which a network and a crash can bring them.
import { callOf, row } from './saga-records';
import { useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeTccPhases<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const noAbort = (): AbortSignal => new AbortController().signal;

  describe('TCC phases', () => {
    it('confirm and cancel find the try that committed', async () => {
      const sessionId = await scene().session();
      const [a, b] = [await scene().hold(sessionId), await scene().hold(sessionId)];
      for (const [saga, phase] of [
        [a, 'confirm'],
        [b, 'cancel'],
      ] as const) {
        await scene().step(callOf(saga, sessionId, 'try'), 'reserved', [row(1)]);
        const seen: boolean[] = [];
        const commit = await scene().store.inStepTransaction(
          callOf(saga, sessionId, phase),
          noAbort(),
          async (_, isEmpty) => {
            seen.push(isEmpty);
            return [row(2)];
          },
        );
        expect([commit, seen]).toEqual(['committed', [false]]);
      }
    });

    it.each([
      ['cancel', 'try'],
      ['compensate', 'action'],
    ] as const)(
      '%s before %s has nothing to undo, and the late call does nothing for ever',
      async (undo, late) => {
        const sessionId = await scene().session();
        const saga = await scene().hold(sessionId);
        const seen: boolean[] = [];
        const commit = await scene().store.inStepTransaction(
          callOf(saga, sessionId, undo),
          noAbort(),
          async (_, isEmpty) => {
            seen.push(isEmpty);
            return [row(1, { phase: undo, outcome: 'empty' })];
          },
        );
        expect([commit, seen]).toEqual(['committed', [true]]);
        for (let times = 0; times < 2; times++) {
          expect(await scene().step(callOf(saga, sessionId, late), 'late', [row(2)])).toBe(
            'overtaken',
          );
        }
        expect(await scene().effects()).toEqual([]);
      },
    );

    it('cancel after a try that was rolled back has nothing to undo', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().step(callOf(saga, sessionId, 'try'), 'refused', null);
      const seen: boolean[] = [];
      await scene().store.inStepTransaction(
        callOf(saga, sessionId, 'cancel'),
        noAbort(),
        async (_, isEmpty) => {
          seen.push(isEmpty);
          return [row(1)];
        },
      );
      expect(seen).toEqual([true]);
    });

    it('a cancel that was rolled back leaves the way open for the try', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      expect(await scene().step(callOf(saga, sessionId, 'cancel'), 'undone', null)).toBe(
        'rolledBack',
      );
      expect(await scene().step(callOf(saga, sessionId, 'try'), 'reserved', [row(1)])).toBe(
        'committed',
      );
    });

    it('confirm without its try is a bug, and says so', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const confirmed = scene().step(callOf(saga, sessionId, 'confirm'), 'booked', [row(1)]);
      await expect(confirmed).rejects.toMatchObject({ code: 'TENON_INVARIANT' });
      expect(await scene().effects()).toEqual([]);
    });
  });
}
