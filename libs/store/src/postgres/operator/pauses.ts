import { type AuditEntry, type TypePause } from '@tenon/core';
import { auditValues, cut, storableText } from '../../operator/audit';
import { BY_LENGTH_MAX, expectType, isType } from '../../operator/type';
import type { Database } from '../database';
import { PAUSE_TYPE, PAUSED_TYPES, RESUME_TYPE } from './operator-sql';
import { typePause, type PauseRow } from './rows';

/** False: it was paused already. */
export async function pauseType(
  database: Database,
  { type, by, reason }: Omit<TypePause, 'at'>,
  audit: AuditEntry,
): Promise<boolean> {
  expectType(type);
  const values = [...auditValues(audit), type, cut(by, BY_LENGTH_MAX), storableText(reason)];
  return (await database.write(PAUSE_TYPE, values)).length > 0;
}

/** False: it was not paused. */
export async function resumeType(
  database: Database,
  type: string,
  audit: AuditEntry,
): Promise<boolean> {
  if (!isType(type)) return false;
  return (await database.write(RESUME_TYPE, [...auditValues(audit), type])).length > 0;
}

export async function pausedTypes(database: Database): Promise<readonly TypePause[]> {
  return (await database.read<PauseRow>(PAUSED_TYPES, [])).map(typePause);
}
