import type { RecordAnswer, SagaRecord } from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import { MemoryDataError } from './memory-errors';
import type { SagaRow } from './memory-rows';

/** GROUP COMMIT: each entry by itself, guarded by its fence; a bad one is left out. */
export function record(
  database: MemoryDatabase,
  records: readonly SagaRecord[],
  sessionId: string,
): RecordAnswer {
  const recorded = new Set<string>();
  const refused = new Map<string, string>();
  for (const entry of records) {
    const saga = database.heldRow(entry.id, entry.fence, sessionId);
    if (saga === null || hasMoreHistory(saga, entry)) continue;
    try {
      recordOne(database, saga, entry);
      recorded.add(entry.id);
    } catch (error) {
      if (!(error instanceof MemoryDataError)) throw error;
      refused.set(entry.id, error.message);
    }
  }
  if (recorded.size > 0) database.bookkeepingCommits += 1;
  return { recorded, refused };
}

function hasMoreHistory(saga: SagaRow, { transitions }: SagaRecord): boolean {
  return transitions.some(({ seq }) => saga.history.some((row) => row.seq === seq));
}

function recordOne(database: MemoryDatabase, saga: SagaRow, entry: SagaRecord): void {
  saga.history.push(...database.checkedRows(saga, entry.transitions));
  saga.state = entry.state;
  saga.crashes = 0;
  leave(database, saga, entry.exit);
}

/** What a saga leaves behind when its session lets it go. */
export function leave(database: MemoryDatabase, saga: SagaRow, exit: SagaRecord['exit']): void {
  const marker = database.markerOf(saga.id);
  switch (exit.kind) {
    case 'stays':
      return;
    case 'waits':
      database.letGo(saga, exit.delayMs);
      return;
    case 'ends':
      saga.finishedAt = database.nowMs;
      marker.status = exit.marker;
      if (exit.marker === 'dead') marker.reason = exit.reason;
      break;
    case 'pauses':
      if (exit.freesKey) marker.status = 'done';
      break;
  }
  if (marker.status !== 'taken') marker.finishedAt = database.nowMs;
  saga.reason = exit.reason;
  saga.sessionId = null;
  saga.dueAt = null;
}
