import { PAGE_SIZE_MAX, type AuditEntry, type OperatorKey } from '@tenon/core';
import { expectKeyName, isHash, nameTaken, type NewKey } from '../../operator/key';
import { isStorable } from '../../operator/page';
import type { Database } from '../database';
import { isDuplicate } from '../errors';
import { CREATE_KEY, FIND_KEY, LIST_KEYS, REVOKE_KEY } from './operator-sql';
import { operatorKey, type KeyRow } from './rows';
import { auditOf, change } from './verbs';

/** Keeps a key's hash, and answers its id. */
export async function createKey(
  database: Database,
  { name, role, hash }: NewKey,
  audit: AuditEntry,
): Promise<string> {
  expectKeyName(name);
  const auditing = auditOf(audit);
  return database.transaction(async (transaction) => {
    try {
      const [answer] = await transaction.send([CREATE_KEY, [name, role, hash]]);
      await transaction.commit(auditing);
      return answer !== undefined && 'insertId' in answer ? String(answer.insertId) : '';
    } catch (error) {
      throw isDuplicate(error) ? nameTaken(name) : error;
    }
  });
}

/** False: there is no living key of this name. */
export async function revokeKey(
  database: Database,
  name: string,
  audit: AuditEntry,
): Promise<boolean> {
  return isStorable(name) && change(database, [REVOKE_KEY, name], audit);
}

/** The living key with this hash, or null. */
export async function findKey(database: Database, hash: string): Promise<OperatorKey | null> {
  if (!isHash(hash)) return null;
  const [row] = await database.rows<KeyRow>(FIND_KEY, hash);
  return row === undefined ? null : operatorKey(row);
}

/** The newest keys first, living and revoked ones. */
export async function listKeys(database: Database): Promise<readonly OperatorKey[]> {
  return (await database.rows<KeyRow>(LIST_KEYS, PAGE_SIZE_MAX)).map(operatorKey);
}
