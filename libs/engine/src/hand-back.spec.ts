// Goal: a saga that comes to the wrong process loses no time, and one that goes round and round costs little.
// Method: sagas that were held so many times since they got on.
import type { RecordedTransition } from '@tenon/core';
import { ASIDE_MS, handBackMs } from './hand-back';

const recordedUnder = (fence: number): RecordedTransition => ({
  ...{ seq: 1, step: 'first', phase: 'action', attempt: 1, from: 'running', to: 'running' },
  ...{ outcome: 'succeeded', errorCode: null, reason: null, result: null, durationMs: 1 },
  ...{ fence, sessionId: '1', at: new Date(0) },
});

it('is due at once, then later and later up to a limit, and at once again when it has got on', () => {
  const waits = [1, 2, 3, 4, 10, 11, 1_000].map((fence) => handBackMs({ fence, history: [] }));
  expect(waits).toEqual([0, 10, 20, 40, 2_560, ASIDE_MS, ASIDE_MS]);
  expect(handBackMs({ fence: 1_001, history: [recordedUnder(1_000)] })).toBe(0);
});
