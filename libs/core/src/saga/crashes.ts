import type { HeldSaga } from '../ports/store';

/**
 * How often a worker died with this saga in its hands since the saga last got on.
 *
 * The saga's row counts the sessions that lapsed, and is told late, or never, of steps that committed without it. The
 * history knows them all: no more can have died in vain than have held the saga since.
 */
export function crashesInVain(held: Pick<HeldSaga, 'crashes' | 'fence' | 'history'>): number {
  return Math.min(held.crashes, holdersInVain(held));
}

/** How many have held this saga, its present holder included, since it last got on: each has a fence of its own. */
export function holdersInVain({ fence, history }: Pick<HeldSaga, 'fence' | 'history'>): number {
  return fence - (history.at(-1)?.fence ?? 0);
}
