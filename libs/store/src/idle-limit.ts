/** Beyond a handler's own time-out, so that the engine is always the first to end its transaction. */
const MARGIN_MS = 5_000;
/** The longest time-out that PostgreSQL takes. MySQL's and MariaDB's is longer. */
const MS_MAX = 2_147_483_647;

/**
 * After how many milliseconds of silence the server ends a handler's transaction. A host that freezes or loses its power
 * would otherwise keep the locks that its handlers took until the network gives its connections up, which may take hours.
 */
export function idleLimitMs(timeoutMs: number): number {
  return Math.min(MS_MAX, Math.ceil(timeoutMs) + MARGIN_MS);
}
