import { toJsonText, type AuditEntry, type OperatedExit, type Transition } from '@tenon/core';
import { auditValues, storableText } from '../../operator/audit';
import { isId } from '../../operator/page';
import type { Database } from '../database';
import { isUniqueViolation } from '../errors';
import { releaseKeys } from '../intake';
import type { Statement } from '../sql';
import { DISCARD, OPERATE, REDRIVE, WITHDRAW, WRITE_AUDIT } from './operator-sql';

/** Appends an operator's row, and makes the saga due or ends it. False: its history is longer than the operator knew. */
export async function operate(
  database: Database,
  id: string,
  row: Transition,
  exit: OperatedExit,
  audit: AuditEntry,
): Promise<boolean> {
  const isEnd = exit.kind === 'ends';
  const reason = isEnd && exit.reason !== null ? storableText(exit.reason) : null;
  const values = [...auditValues(audit), id, isEnd, reason, ...rowValues(row)];
  const isDone = isId(id) && (await unlessOvertaken(() => change(database, OPERATE, values)));
  // Behind the commit, as whoever ends a saga does. Repair finds what a crash in between leaves parked.
  if (isDone && isEnd) await releaseKeys(database, [id], null, []);
  return isDone;
}

/** A marker without a saga becomes dead, and the next of its key may run. */
export async function withdraw(
  database: Database,
  id: string,
  reason: string,
  audit: AuditEntry,
): Promise<boolean> {
  const values = [...auditValues(audit), id, storableText(reason)];
  const isDone = isId(id) && (await change(database, WITHDRAW, values));
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
  const values = [...auditValues(audit), id];
  const [row] = await database.write<{ readonly id: string }>(REDRIVE, values);
  return row?.id ?? null;
}

/** A dead marker becomes done. */
export async function discard(
  database: Database,
  id: string,
  reason: string,
  audit: AuditEntry,
): Promise<boolean> {
  const values = [...auditValues(audit), id, storableText(reason)];
  return isId(id) && change(database, DISCARD, values);
}

export async function writeAudit(database: Database, audit: AuditEntry): Promise<void> {
  await database.change(WRITE_AUDIT, auditValues(audit));
}

async function change(
  database: Database,
  statement: Statement,
  values: readonly unknown[],
): Promise<boolean> {
  return (await database.write(statement, values)).length > 0;
}

/** Whoever wrote the same number of the history has committed it by now. */
async function unlessOvertaken(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error, 'saga_transition_pkey')) return false;
    throw error;
  }
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
    row.verb ?? null,
  ];
}
