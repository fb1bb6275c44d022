import { UsageError, type AuditEntry, type OperatorKey, type OperatorStore } from '@tenon/core';
import type { MemoryDatabase } from '../memory-database';
import { writeAudit } from './verbs';

type NewKey = Parameters<OperatorStore['createKey']>[0];

/** Keeps a key's hash, and answers its id. */
export function createKey(database: MemoryDatabase, key: NewKey, audit: AuditEntry): string {
  if (key.name.length === 0 || key.name.length > 100 || key.name.includes('\0'))
    throw new UsageError('TENON_USAGE', "A key's name has 1 to 100 characters.");
  if (database.keys.some(({ name, revokedAt }) => name === key.name && revokedAt === null))
    throw new UsageError('TENON_USAGE', `There is a living key named "${key.name}".`);
  const id = database.nextId();
  database.keys.push({ ...key, id, createdAt: database.clock.date(), revokedAt: null });
  writeAudit(database, audit);
  return id;
}

/** False: there is no living key of this name. */
export function revokeKey(database: MemoryDatabase, name: string, audit: AuditEntry): boolean {
  const index = database.keys.findIndex((key) => key.name === name && key.revokedAt === null);
  const key = database.keys[index];
  if (key === undefined) return false;
  database.keys[index] = { ...key, revokedAt: database.clock.date() };
  writeAudit(database, audit);
  return true;
}

export function findKey(database: MemoryDatabase, hash: string): OperatorKey | null {
  const key = database.keys.find((each) => each.hash === hash && each.revokedAt === null);
  return key === undefined ? null : withoutHash(key);
}

export function listKeys(database: MemoryDatabase): readonly OperatorKey[] {
  return [...database.keys].reverse().map(withoutHash);
}

function withoutHash({ id, name, role, createdAt, revokedAt }: OperatorKey): OperatorKey {
  return { id, name, role, createdAt, revokedAt };
}
