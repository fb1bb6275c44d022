import { toJsonText, type AuditEntry, type OperatedExit, type Transition } from '@tenon/core';
import { auditValues, storableText } from '../../operator/audit';
import { isId } from '../../operator/page';
import { changedBy, rowsOf, type Statement } from '../connection';
import type { Database, Transaction } from '../database';
import { releaseKeys } from '../intake';
import { LAST_NUMBERS } from '../sql';
import * as SQL from './operator-sql';

/** Appends an operator's row, and makes the saga due or ends it. False: its history is longer than the operator knew. */
export async function operate(
  database: Database,
  id: string,
  row: Transition,
  exit: OperatedExit,
  audit: AuditEntry,
): Promise<boolean> {
  if (!isId(id)) return false;
  const auditing = auditOf(audit);
  const values = rowValues(row);
  const isDone = await database.transaction(async (transaction) => {
    const fence = await lockedFence(transaction, id, row.seq);
    if (fence === null) return false;
    await transaction.commit(...writes(BigInt(id), fence + 1, row, values, exit), auditing);
    return true;
  });
  // Behind the commit, as whoever ends a saga does. Repair finds what a crash in between leaves parked.
  if (isDone && exit.kind === 'ends') await releaseKeys(database, [id], null, []);
  return isDone;
}

/** A marker without a saga becomes dead, and the next of its key may run. */
export async function withdraw(
  database: Database,
  id: string,
  reason: string,
  audit: AuditEntry,
): Promise<boolean> {
  const isDone =
    isId(id) && (await change(database, [SQL.WITHDRAW, storableText(reason), BigInt(id)], audit));
  if (isDone) await releaseKeys(database, [id], null, []);
  return isDone;
}

/** A dead marker, or a copy of it, becomes pending. Answers the id that is carried out. */
export async function redrive(
  database: Database,
  id: string,
  audit: AuditEntry,
): Promise<string | null> {
  if (!isId(id)) return null;
  const auditing = auditOf(audit);
  return database.transaction(async (transaction) => {
    const [dead, saga] = await transaction.send(
      [SQL.LOCK_DEAD, BigInt(id)],
      [SQL.HAS_SAGA, BigInt(id)],
    );
    const [marker] = rowsOf<{ readonly idempotency_key: string | null }>(dead);
    if (marker === undefined) return null;
    if (rowsOf(saga).length > 0)
      return redriveCopy(transaction, BigInt(id), marker.idempotency_key, auditing);
    await transaction.commit([SQL.REDRIVE, BigInt(id)], auditing);
    return id;
  });
}

/** A dead marker becomes done. */
export async function discard(
  database: Database,
  id: string,
  reason: string,
  audit: AuditEntry,
): Promise<boolean> {
  return isId(id) && change(database, [SQL.DISCARD, storableText(reason), BigInt(id)], audit);
}

export async function writeAudit(database: Database, audit: AuditEntry): Promise<void> {
  await database.change(...auditOf(audit));
}

/** Carries out one statement, and writes its audit row if it has changed something. */
export function change(
  database: Database,
  statement: Statement,
  audit: AuditEntry,
): Promise<boolean> {
  const auditing = auditOf(audit);
  return database.transaction(async (transaction) => {
    const [answer] = await transaction.send(statement);
    if (changedBy(answer) === 0) return false;
    await transaction.commit(auditing);
    return true;
  });
}

export function auditOf(audit: AuditEntry): Statement {
  return [SQL.WRITE_AUDIT, auditValues(audit)];
}

/** The saga's fence, behind its lock; null when it has ended or its history is not `seq - 1` long. */
async function lockedFence(
  transaction: Transaction,
  id: string,
  seq: number,
): Promise<number | null> {
  const [locked, last] = await transaction.send(
    [SQL.LOCK_SAGA, BigInt(id)],
    [LAST_NUMBERS, [BigInt(id)]],
  );
  const [saga] = rowsOf<{ readonly fence: number; readonly is_ended: number }>(locked);
  const known = rowsOf<{ readonly seq: number }>(last)[0]?.seq ?? 0;
  return saga === undefined || saga.is_ended === 1 || known !== seq - 1 ? null : saga.fence;
}

function writes(
  id: bigint,
  fence: number,
  row: Transition,
  values: readonly unknown[],
  exit: OperatedExit,
): readonly Statement[] {
  const isEnd = exit.kind === 'ends';
  const reason = isEnd && exit.reason !== null ? storableText(exit.reason) : null;
  return [
    [SQL.OPERATE, row.to, row.seq, fence, reason, isEnd, isEnd, id],
    [SQL.OPERATE_HISTORY, [id, ...values, fence, row.verb ?? null]],
    ...(isEnd ? [[SQL.OPERATE_MARKER, reason, id] as const] : []),
  ];
}

async function redriveCopy(
  transaction: Transaction,
  id: bigint,
  idempotencyKey: string | null,
  auditing: Statement,
): Promise<string> {
  const [, copied] = await transaction.send(
    [SQL.REDRIVE_REPLACED, id],
    [SQL.REDRIVE_COPY, idempotencyKey, id],
  );
  const copy = copied !== undefined && 'insertId' in copied ? String(copied.insertId) : '';
  await transaction.commit([SQL.REDRIVE_NOTE, copy, id], auditing);
  return copy;
}

function rowValues(row: Transition): readonly unknown[] {
  return [
    row.seq,
    row.step,
    row.phase,
    row.attempt,
    row.from,
    row.to,
    row.outcome,
    row.errorCode,
    row.reason === null ? null : storableText(row.reason),
    row.result === null ? null : toJsonText('The result', row.result),
    Math.round(row.durationMs),
  ];
}
