import { UsageError } from '../errors';
import { toJsonText, utf8Bytes } from '../json';
import {
  KEY_BYTES_MAX,
  TYPE_LENGTH_MAX,
  type AppendOptions,
  type NewMarker,
  type Operation,
} from './marker';

/** Waits longer than a hundred years are a mistake in a unit. */
const DELAY_MS_MAX = 100 * 365 * 86_400_000;

/**
 * Checks an operation and its options, and turns them into what a store inserts. Pure.
 *
 * @throws UsageError naming the field, the limit and the cure
 */
export function newMarker(operation: Operation, options: AppendOptions = {}): NewMarker {
  const what = `The payload of "${operation.type}"`;
  if (operation.type.length === 0 || operation.type.length > TYPE_LENGTH_MAX) {
    throw new UsageError(
      'TENON_USAGE',
      `An operation's type has 1 to ${TYPE_LENGTH_MAX} characters.`,
    );
  }
  return {
    type: operation.type,
    key: checkedKey('key', operation.key ?? null),
    payload: toJsonText(what, operation.payload),
    idempotencyKey: checkedKey('idempotency key', options.idempotencyKey ?? null),
    ...checkedDue(options),
  };
}

function checkedKey(name: string, key: string | null): string | null {
  if (key === null) return null;
  if (key.length === 0)
    throw new UsageError('TENON_USAGE', `The ${name} is empty. Leave it out for none.`);
  if (key.includes('\0') || /\p{Surrogate}/u.test(key)) {
    throw new UsageError(
      'TENON_USAGE',
      `The ${name} holds a character that no database stores (NUL or half a surrogate pair).`,
    );
  }
  const bytes = utf8Bytes(key);
  if (bytes > KEY_BYTES_MAX) {
    throw new UsageError(
      'TENON_USAGE',
      `The ${name} has ${bytes} bytes, the limit is ${KEY_BYTES_MAX}. Use a shorter key or its hash.`,
    );
  }
  return key;
}

function checkedDue(options: AppendOptions): Pick<NewMarker, 'delayMs' | 'dueAt'> {
  const { delayMs = 0, dueAt = null } = options;
  if (!(delayMs >= 0 && delayMs <= DELAY_MS_MAX)) {
    throw new UsageError(
      'TENON_USAGE',
      `delayMs must lie between 0 and ${DELAY_MS_MAX} milliseconds, not ${String(delayMs)}.`,
    );
  }
  if (dueAt !== null && Number.isNaN(dueAt.getTime()))
    throw new UsageError('TENON_USAGE', 'dueAt is not a valid date.');
  if (dueAt !== null && options.delayMs !== undefined) {
    throw new UsageError('TENON_USAGE', 'Give either delayMs or dueAt, not both.');
  }
  return { delayMs: Math.round(delayMs), dueAt };
}
