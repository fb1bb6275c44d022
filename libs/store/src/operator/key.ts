import { UsageError, type OperatorStore } from '@tenon/core';
import { isStorable } from './page';

export type NewKey = Parameters<OperatorStore['createKey']>[0];

const NAME_LENGTH_MAX = 100;
const HASH = /^[0-9a-f]{64}$/;

export function isHash(text: string): boolean {
  return HASH.test(text);
}

/** @throws UsageError when a key cannot have this name */
export function expectKeyName(name: string): void {
  if (name.length > 0 && name.length <= NAME_LENGTH_MAX && isStorable(name)) return;
  throw new UsageError('TENON_USAGE', `A key's name has 1 to ${NAME_LENGTH_MAX} characters.`);
}

export function nameTaken(name: string): UsageError {
  return new UsageError(
    'TENON_USAGE',
    `There is a living key named "${name}". Revoke it first, or choose another name.`,
  );
}
