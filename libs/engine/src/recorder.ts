import type { FaultPoints, RecordAnswer, SagaRecord, Store } from '@tenon/core';
import type { Clock } from './clock/clock';
import { errorLine, type EngineLogger } from './logger';
import type { Outage } from './outage';
import type { Session } from './session';

/** One saga's record, on its way into the next group commit. */
interface Entry {
  readonly record: SagaRecord;
  readonly session: Session;
  readonly settle: readonly ((result: RecordResult) => void)[];
}

/**
 * - `recorded`: it is in the database
 * - `stale`: this session does not hold the saga any more, or its history is longer than the caller knew: load it and look
 * - otherwise the database's message: it refuses the record as data, and always will
 */
export type RecordResult = 'recorded' | 'stale' | { readonly refusedBecause: string };

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly outage: Outage;
  readonly logger: EngineLogger;
  readonly faults: FaultPoints;
}

/** How long a saga's row may lag behind a history that is committed already, in milliseconds. */
const LATER_MS = 250;
/** Records per transaction: enough to make the commit cheap, few enough to keep its locks short. */
const BATCH_SIZE_MAX = 500;

/**
 * GROUP COMMIT. While one commit is on its way the next batch gathers, so the commits per saga fall as the load rises, and
 * an idle process waits for nothing.
 */
export class Recorder {
  private queue = new Map<string, Entry>();
  private flushing: Promise<void> | null = null;
  private later = new Map<string, Entry>();
  private isLaterDue = false;

  constructor(private readonly deps: Dependencies) {}

  /** Records a saga's transitions and where they lead. An entry of the same saga that still waits goes along with it. */
  record(record: SagaRecord, session: Session): Promise<RecordResult> {
    this.forget(record.id);
    return new Promise((resolve) => {
      const waiting = this.waitingFor(record);
      const settle = [...(waiting?.settle ?? []), resolve];
      const transitions = [...(waiting?.record.transitions ?? []), ...record.transitions];
      this.queue.set(record.id, { record: { ...record, transitions }, session, settle });
      this.flushing ??= this.flush();
    });
  }

  /**
   * Records some time soon how far a saga has come whose history is committed already: for people who look at its row.
   * A saga that gets on quickly overtakes this and costs no commit for each of its steps.
   */
  recordLater(record: SagaRecord, session: Session): void {
    this.later.set(record.id, { record, session, settle: [] });
    if (this.isLaterDue) return;
    this.isLaterDue = true;
    this.deps.clock.after(LATER_MS, () => {
      this.isLaterDue = false;
      for (const [id, entry] of this.later) if (!this.queue.has(id)) this.queue.set(id, entry);
      this.later.clear();
      this.flushing ??= this.flush();
    });
  }

  /** The saga has ended or gone on: what was to be recorded later is of yesterday. */
  forget(sagaId: string): void {
    this.later.delete(sagaId);
  }

  /** The entry that `record` continues. One of an older fence is none: the saga has been someone else's meanwhile. */
  private waitingFor(record: SagaRecord): Entry | undefined {
    const waiting = this.queue.get(record.id);
    if (waiting === undefined || waiting.record.fence === record.fence) return waiting;
    this.queue.delete(record.id);
    waiting.settle.forEach((resolve) => resolve('stale'));
    return undefined;
  }

  /** Resolves when everything that was recorded so far is settled. */
  async drain(): Promise<void> {
    while (this.flushing !== null) await this.flushing;
  }

  private async flush(): Promise<void> {
    // One turn of the event loop: sagas that came back together are recorded together.
    await Promise.resolve();
    while (this.queue.size > 0) {
      const batch = this.nextBatch();
      const { recorded, refused } = await this.write(batch);
      for (const { record, settle } of batch) {
        const refusedBecause = refused.get(record.id);
        const result = recorded.has(record.id)
          ? 'recorded'
          : refusedBecause === undefined
            ? 'stale'
            : { refusedBecause };
        settle.forEach((resolve) => resolve(result));
      }
    }
    this.flushing = null;
  }

  /** The oldest entries of one session. */
  private nextBatch(): readonly Entry[] {
    const batch: Entry[] = [];
    for (const entry of this.queue.values()) {
      if (entry.session !== (batch[0] ?? entry).session) continue;
      batch.push(entry);
      if (batch.length === BATCH_SIZE_MAX) break;
    }
    for (const entry of batch) this.queue.delete(entry.record.id);
    return batch;
  }

  private async write(batch: readonly Entry[]): Promise<RecordAnswer> {
    const session = batch[0]?.session;
    if (session === undefined) return NOTHING;
    const { store, outage, faults, logger } = this.deps;
    const records = batch.map((entry) => entry.record);
    try {
      await faults.hit('record.before');
      const answer = await outage.outlast('record', session.signal, () =>
        store.record(records, session.id),
      );
      await faults.hit('record.after');
      return answer ?? NOTHING;
    } catch (error) {
      // The store has met what can be met by trying again. What is left concerns all of the batch; each saga is loaded
      // and looked at, and goes on from what the database knows.
      logger.error(`A group commit of ${batch.length} sagas failed: ${errorLine(error)}`);
      return NOTHING;
    }
  }
}

const NOTHING: RecordAnswer = { recorded: new Set(), refused: new Map() };
