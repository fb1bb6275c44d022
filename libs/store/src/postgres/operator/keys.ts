import { PAGE_SIZE_MAX, invariant, type AuditEntry, type OperatorKey } from '@tenon/core';
import { auditValues } from '../../operator/audit';
import { expectKeyName, isHash, nameTaken, type NewKey } from '../../operator/key';
import { isStorable } from '../../operator/page';
import type { Database } from '../database';
import { isUniqueViolation } from '../errors';
import { CREATE_KEY, FIND_KEY, LIST_KEYS, REVOKE_KEY } from './operator-sql';
import { operatorKey, type KeyRow } from './rows';

/** Keeps a key's hash, and answers its id. */
export async function createKey(
  database: Database,
  { name, role, hash }: NewKey,
  audit: AuditEntry,
): Promise<string> {
  expectKeyName(name);
  const values = [...auditValues(audit), name, role, hash];
  try {
    const [row] = await database.write<{ readonly id: string }>(CREATE_KEY, values);
    invariant(row !== undefined, 'an inserted key has an id');
    return row.id;
  } catch (error) {
    throw isUniqueViolation(error, 'admin_key_name') ? nameTaken(name) : error;
  }
}

/** False: there is no living key of this name. */
export async function revokeKey(
  database: Database,
  name: string,
  audit: AuditEntry,
): Promise<boolean> {
  if (!isStorable(name)) return false;
  return (await database.write(REVOKE_KEY, [...auditValues(audit), name])).length > 0;
}

/** The living key with this hash, or null. */
export async function findKey(database: Database, hash: string): Promise<OperatorKey | null> {
  if (!isHash(hash)) return null;
  const [row] = await database.read<KeyRow>(FIND_KEY, [hash]);
  return row === undefined ? null : operatorKey(row);
}

/** The newest keys first, living and revoked ones. */
export async function listKeys(database: Database): Promise<readonly OperatorKey[]> {
  return (await database.read<KeyRow>(LIST_KEYS, [PAGE_SIZE_MAX])).map(operatorKey);
}
