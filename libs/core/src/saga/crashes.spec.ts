// Goal: a saga that gets on in every life is never taken for one that kills its workers, however late its row is told.
// Method: rows that counted every crash, beside histories of which they have not heard.
import { crashesInVain } from './crashes';
import type { RecordedTransition } from './transition';

const row = (seq: number, fence: number): RecordedTransition => ({
  ...{ seq, step: `step${seq}`, phase: 'action', attempt: 1, from: 'running', to: 'running' },
  ...{ outcome: 'succeeded', errorCode: null, reason: null, result: null, durationMs: 1 },
  ...{ fence, sessionId: '1', at: new Date(0) },
});

describe('the crashes in vain of a saga', () => {
  it('are one in every life of 30 in which it got on by a step and died', () => {
    for (let life = 1; life <= 30; life += 1) {
      const history = Array.from({ length: life - 1 }, (_, index) => row(index + 1, index + 1));
      const held = { fence: life, crashes: life - 1, history };
      expect(crashesInVain(held)).toBe(Math.min(1, life - 1));
    }
  });

  it('are all that were counted while it never got on', () => {
    expect(crashesInVain({ fence: 21, crashes: 20, history: [] })).toBe(20);
    expect(crashesInVain({ fence: 24, crashes: 20, history: [row(1, 4)] })).toBe(20);
  });

  it('are none of those that let it go in good order', () => {
    expect(crashesInVain({ fence: 9, crashes: 0, history: [row(1, 1)] })).toBe(0);
    expect(crashesInVain({ fence: 9, crashes: 2, history: [row(1, 1)] })).toBe(2);
  });
});
