import { TYPE_LENGTH_MAX, UsageError } from '@tenon/core';
import { isStorable } from './page';

/** Who has paused a type, at most this many characters of it. */
export const BY_LENGTH_MAX = 190;

export function isType(type: string): boolean {
  return type.length > 0 && type.length <= TYPE_LENGTH_MAX && isStorable(type);
}

/** @throws UsageError when no operation can have this type */
export function expectType(type: string): void {
  if (isType(type)) return;
  throw new UsageError(
    'TENON_USAGE',
    `An operation's type has 1 to ${TYPE_LENGTH_MAX} characters.`,
  );
}
