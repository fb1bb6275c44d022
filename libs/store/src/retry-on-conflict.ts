import type { StoreErrorKind } from '@tenon/core';
import { setTimeout as wait } from 'node:timers/promises';

const ATTEMPTS_MAX = 5;
const DELAY_MS_MIN = 5;

/**
 * Carries out one of the store's own transactions, again where it lost against another one (a deadlock, a lock wait that
 * took too long). Never for a caller's transaction. Any other error is the caller's to meet.
 */
export async function retryOnConflict<Answer>(
  classify: (error: unknown) => StoreErrorKind,
  transaction: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || classify(error) !== 'conflict') throw error;
      await wait(DELAY_MS_MIN * 2 ** attempt * Math.random());
    }
  }
}
