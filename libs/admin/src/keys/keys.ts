import { createHash, randomBytes } from 'node:crypto';
import { UsageError, type OperatorRole, type OperatorStore } from '@tenon/core';
import type { Actor } from '@tenon/engine';
import { OPERATOR_ROLES } from './roles';

const KEY_PREFIX = 'tnn_';
const KEY_BYTES = 32;
const NAME_LENGTH_MAX = 100;

/**
 * Makes a key for operators and answers it: this is the only time that anyone sees it, the database keeps its hash.
 *
 * @throws UsageError when the name or role cannot be used, or a living key has this name
 */
export async function createKey(
  store: OperatorStore,
  { name, role }: { readonly name: string; readonly role: OperatorRole },
  by: Actor,
): Promise<string> {
  const isName = name.length > 0 && name.length <= NAME_LENGTH_MAX && !/[\p{C}\s]/u.test(name);
  if (!isName)
    throw new UsageError(
      'TENON_USAGE',
      `A key's name has 1 to ${NAME_LENGTH_MAX} characters, none of them a space.`,
    );
  if (!OPERATOR_ROLES.includes(role))
    throw new UsageError('TENON_USAGE', `A key's role is one of ${OPERATOR_ROLES.join(', ')}.`);
  const plain = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
  const hash = hashOfKey(plain).toString('hex');
  await store.createKey(
    { name, role, hash },
    {
      ...{ actor: by.name, role: by.role, verb: 'create-key', target: name, reason: null },
      detail: { role },
    },
  );
  return plain;
}

/** False: there is no living key of this name. */
export function revokeKey(store: OperatorStore, name: string, by: Actor): Promise<boolean> {
  return store.revokeKey(name, {
    ...{ actor: by.name, role: by.role, verb: 'revoke-key', target: name, reason: null },
    detail: null,
  });
}

/** A key has 256 random bits: a plain hash of it tells nothing, and needs no salt. */
export function hashOfKey(plain: string): Buffer {
  return createHash('sha256').update(plain).digest();
}
