import type { SagaRecord } from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import { MemoryDataError } from './memory-errors';
import type { SagaRow } from './memory-rows';

/** GROUP COMMIT: each entry by itself, guarded by its fence; a bad one is left out. */
export function record(
  database: MemoryDatabase,
  records: readonly SagaRecord[],
  sessionId: string,
): ReadonlySet<string> {
  const recorded = records
    .filter((each) => recordOne(database, each, sessionId))
    .map(({ id }) => id);
  if (recorded.length > 0) database.bookkeepingCommits += 1;
  return new Set(recorded);
}

function recordOne(database: MemoryDatabase, entry: SagaRecord, sessionId: string): boolean {
  const saga = database.heldRow(entry.id, entry.fence, sessionId);
  if (saga === null || database.sessions.get(sessionId)?.isEnded !== false) return false;
  try {
    saga.history.push(...database.checkedRows(saga, entry.transitions));
  } catch (error) {
    if (error instanceof MemoryDataError) return false;
    throw error;
  }
  saga.state = entry.state;
  if (entry.hasProgressed) saga.crashes = 0;
  leave(database, saga, entry.exit);
  return true;
}

function leave(database: MemoryDatabase, saga: SagaRow, exit: SagaRecord['exit']): void {
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
      break;
    case 'pauses':
      if (!exit.freesKey) break;
      marker.status = 'done';
      break;
  }
  if (marker.status !== 'taken') marker.finishedAt = database.nowMs;
  saga.reason = exit.reason;
  saga.sessionId = null;
  saga.dueAt = null;
}
