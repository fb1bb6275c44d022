import { type AuditEntry, type TypePause } from '@tenon/core';
import { cut, storableText } from '../../operator/audit';
import { BY_LENGTH_MAX, expectType, isType } from '../../operator/type';
import type { Database } from '../database';
import { isDuplicate } from '../errors';
import { PAUSE_TYPE, PAUSED_TYPES, RESUME_TYPE } from './operator-sql';
import { typePause, type PauseRow } from './rows';
import { auditOf, change } from './verbs';

/** False: it was paused already. */
export async function pauseType(
  database: Database,
  { type, by, reason }: Omit<TypePause, 'at'>,
  audit: AuditEntry,
): Promise<boolean> {
  expectType(type);
  const values = [type, cut(by, BY_LENGTH_MAX), storableText(reason)];
  const auditing = auditOf(audit);
  return database.transaction(async (transaction) => {
    try {
      await transaction.send([PAUSE_TYPE, values]);
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
    await transaction.commit(auditing);
    return true;
  });
}

/** False: it was not paused. */
export async function resumeType(
  database: Database,
  type: string,
  audit: AuditEntry,
): Promise<boolean> {
  return isType(type) && change(database, [RESUME_TYPE, type], audit);
}

export async function pausedTypes(database: Database): Promise<readonly TypePause[]> {
  return (await database.rows<PauseRow>(PAUSED_TYPES)).map(typePause);
}
