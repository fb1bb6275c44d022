import { holdersInVain, type HeldSaga } from '@tenon/core';

/** The second time that a saga is handed back it is due after this many milliseconds; then twice as many. */
const MS_MIN = 10;
/** For how long a saga is put aside at most that nobody could go on with, in milliseconds. */
export const ASIDE_MS = 5_000;

/**
 * After how many milliseconds a saga is due again that this process cannot go on with: at once when nobody else was asked
 * before, and later and later while it goes from one to the next in vain.
 */
export function handBackMs(held: Pick<HeldSaga, 'fence' | 'history'>): number {
  const earlier = holdersInVain(held) - 1;
  return earlier <= 0 ? 0 : Math.min(ASIDE_MS, MS_MIN * 2 ** (earlier - 1));
}
