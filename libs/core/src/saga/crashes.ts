import type { HeldSaga } from '../ports/store';

/**
 * How often a worker died with this saga in its hands since the saga last got on.
 *
 * The saga's row counts the sessions that lapsed, and is told late, or never, of steps that committed without it. The
 * history knows them all: each holder has a fence of its own, so the holders since the last of its rows are the most that can
 * have died in vain.
 */
export function crashesInVain(held: Pick<HeldSaga, 'crashes' | 'fence' | 'history'>): number {
  const gotOnUnder = held.history.at(-1)?.fence ?? 0;
  return Math.min(held.crashes, held.fence - gotOnUnder);
}
