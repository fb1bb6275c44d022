import type { AuditEntry, OperatedExit, Transition } from '@tenon/core';
import type { MemoryDatabase } from '../memory-database';
import type { MarkerRow } from '../memory-rows';
import { leave } from '../record';
import { releaseKeys } from '../take-in';

/** Appends an operator's row, and makes the saga due or ends it. False: its history is longer than the operator knew. */
export function operate(
  database: MemoryDatabase,
  id: string,
  row: Transition,
  exit: OperatedExit,
  audit: AuditEntry,
): boolean {
  const saga = database.sagas.get(id);
  if (saga?.finishedAt !== null || saga.history.length !== row.seq - 1) return false;
  const marker = database.markerOf(id);
  Object.assign(saga, { sessionId: null, isQueued: false, crashes: 0, reason: null });
  saga.fence += 1;
  saga.history.push(...database.checkedRows(saga, [row]));
  saga.state = row.to;
  if (exit.kind === 'ends') {
    if (marker.status === 'taken') marker.reason = exit.reason;
    leave(database, saga, { kind: 'ends', marker: 'done', reason: exit.reason });
  } else {
    saga.dueAt = database.nowMs;
  }
  writeAudit(database, audit);
  if (exit.kind === 'ends') releaseKeys(database, [id], null, []);
  return true;
}

/** A marker without a saga becomes dead, and the next of its key may run. */
export function withdraw(
  database: MemoryDatabase,
  id: string,
  reason: string,
  audit: AuditEntry,
): boolean {
  const marker = database.markers.get(id);
  if (marker?.status !== 'pending' && marker?.status !== 'parked') return false;
  end(database, marker, 'dead', reason);
  writeAudit(database, audit);
  releaseKeys(database, [id], null, []);
  return true;
}

/** A dead marker, or a copy of it, becomes pending. Answers the id that is carried out. */
export function redrive(database: MemoryDatabase, id: string, audit: AuditEntry): string | null {
  const marker = database.markers.get(id);
  if (marker?.status !== 'dead') return null;
  writeAudit(database, audit);
  if (database.sagas.has(id)) return redriveCopy(database, marker);
  const pending = { status: 'pending', dueAt: database.nowMs, finishedAt: null, reason: null };
  Object.assign(marker, pending);
  return id;
}

/** A dead marker becomes done. */
export function discard(
  database: MemoryDatabase,
  id: string,
  reason: string,
  audit: AuditEntry,
): boolean {
  const marker = database.markers.get(id);
  if (marker?.status !== 'dead') return false;
  end(database, marker, 'done', reason);
  writeAudit(database, audit);
  return true;
}

export function writeAudit(database: MemoryDatabase, audit: AuditEntry): void {
  database.audit.push({ ...audit, id: database.nextId(), at: database.clock.date() });
}

/** The idempotency key goes over to the copy: whoever appends it again is told which one is carried out. */
function redriveCopy(database: MemoryDatabase, marker: MarkerRow): string {
  const { nowMs } = database;
  const id = database.nextId();
  const fresh = { createdAt: nowMs, dueAt: nowMs, finishedAt: null, reason: null };
  database.markers.set(id, { ...marker, ...fresh, id, status: 'pending' });
  const why = marker.reason === null ? '' : `: ${marker.reason}`;
  end(database, marker, 'done', `redriven as ${id}${why}`);
  marker.idempotencyKey = null;
  return id;
}

function end(
  database: MemoryDatabase,
  marker: MarkerRow,
  status: 'done' | 'dead',
  reason: string,
): void {
  Object.assign(marker, { status, reason, finishedAt: database.nowMs });
}
