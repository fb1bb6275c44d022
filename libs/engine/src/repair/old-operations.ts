import type { SagaReport, Store } from '@tenon/core';
import type { Clock } from '../clock/clock';
import { errorLine } from '../logger';
import type { Repaired, RepairRule } from './rules';

export interface Retention {
  readonly store: Store;
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly archive: ((operations: readonly SagaReport[]) => Promise<void>) | null;
}

/** The rule's name. */
export const OLD_OPERATIONS = 'old-operations';

const EVERY_MS = 60_000;
/** Operations per transaction; fewer where they pass through this process, with their payloads. */
const BATCH_SIZE_MAX = 500;
const ARCHIVED_BATCH_SIZE_MAX = 100;
/** Between two batches, at least, in milliseconds; and at least for as long as the last one took. */
const PAUSE_MS_MIN = 50;
/** A run that is not done by then leaves the rest to the next, so that what it did is told. */
const RUN_MS_MAX = 30_000;

/**
 * Deletes operations that ended long ago, oldest first, a batch at a time. What archives a batch and dies before it is
 * deleted leaves it to be archived again: at least once.
 */
export function oldOperationsRule(retention: Retention): RepairRule {
  const { store, clock, retentionMs, archive } = retention;
  const sizeMax = archive === null ? BATCH_SIZE_MAX : ARCHIVED_BATCH_SIZE_MAX;
  /** Behind this id the next batch is looked for. */
  let after = '0';

  const batch = async (): Promise<Repaired> => {
    const { ids, next } = await store.findOld(retentionMs, after, sizeMax);
    if (archive !== null && ids.length > 0) {
      try {
        await archive(await store.findSagas(ids));
      } catch (error) {
        const failure = `archive failed, nothing of its batch was deleted: ${errorLine(error)}`;
        return { found: ids.length, repaired: 0, failure };
      }
    }
    const repaired = await store.deleteOld(ids);
    after = next ?? '0';
    return { found: ids.length, repaired };
  };

  return {
    name: OLD_OPERATIONS,
    everyMs: EVERY_MS,
    run: async (stopping) => {
      const startedMs = clock.now();
      let [found, repaired] = [0, 0];
      for (;;) {
        const batchMs = clock.now();
        const done = await batch();
        found += done.found;
        repaired += done.repaired;
        if (done.failure !== undefined) return { found, repaired, failure: done.failure };
        const isOver = after === '0' || clock.now() - startedMs > RUN_MS_MAX;
        if (isOver || stopping?.aborted === true) return { found, repaired };
        await clock.sleep(Math.max(PAUSE_MS_MIN, clock.now() - batchMs), stopping);
      }
    },
  };
}
