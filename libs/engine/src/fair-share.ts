/** What is handed out to several saga types, as it stands. */
export interface Share {
  readonly max: number;
  /** How much of it all types hold together. */
  readonly total: number;
  /** How much of it the type holds that asks. */
  readonly own: number;
  /** How many types may ask. */
  readonly typeCount: number;
}

/** A type may hold this many times what it leaves free. */
const TIMES_THE_FREE = 3;

/**
 * How much more a type may take: at most three quarters of everything, however long it keeps it, and of what is left the next
 * one likewise. So a type that hangs leaves the others room, which it could not give back in time. A type that has nothing
 * gets the last of it; one that is alone gets all.
 */
export function fairRoom({ max, total, own, typeCount }: Share): number {
  const free = Math.max(0, max - total);
  if (typeCount <= 1) return free;
  const room = Math.max(0, Math.floor((TIMES_THE_FREE * free - own) / (TIMES_THE_FREE + 1)));
  return own === 0 && room === 0 ? Math.min(1, free) : room;
}
