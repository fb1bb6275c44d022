import { setTimeout as wait } from 'node:timers/promises';

/** How often a transaction is run before its conflict is the caller's. */
const TRIES_MAX = 6;
const PAUSE_MS = 10;

/** Deadlocks, serialization failures, and lock waits that took too long. */
const CONFLICTS = new Set([
  ...['40001', '40P01', '55P03'],
  ...['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'],
]);
/** A row with this key is there: perhaps since a moment ago. */
const DUPLICATES = new Set(['23505', 'ER_DUP_ENTRY']);

/**
 * Runs a transaction of ours again when another one was in its way, or has just written the same row: then it finds that
 * row. What is still a conflict after some tries is thrown.
 */
export async function retried<Answer>(transaction: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (error) {
      const isWorthIt = hasCode(error, CONFLICTS) || hasCode(error, DUPLICATES);
      if (!isWorthIt || tries === TRIES_MAX) throw error;
      await wait(PAUSE_MS * tries);
    }
  }
}

function hasCode(error: unknown, codes: ReadonlySet<string>): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && codes.has(String(error.code))) return true;
  return 'driverError' in error && error.driverError !== error && hasCode(error.driverError, codes);
}
