import { UsageError } from '../errors';
import { toJsonText, utf8Bytes } from '../json';
import { DELAY_MS_MAX } from '../retry/backoff';
import {
  KEY_BYTES_MAX,
  PRIORITIES,
  PRIORITY_NUMBERS,
  TRACE_CONTEXT_LENGTH_MAX,
  TYPE_LENGTH_MAX,
  type AppendOptions,
  type NewMarker,
  type Operation,
} from './marker';

/** The last second of a MariaDB timestamp. */
const DUE_AT_MAX = new Date('2038-01-19T03:14:07Z');

/**
 * Checks an operation and its options, and turns them into what a store inserts. Pure.
 *
 * @throws UsageError naming the field, the limit and the cure
 */
export function newMarker(
  operation: Operation,
  options: AppendOptions = {},
  traceContext: string | null = null,
): NewMarker {
  const what = `The payload of "${operation.type}"`;
  if (operation.type.length === 0 || operation.type.length > TYPE_LENGTH_MAX) {
    throw new UsageError(
      'TENON_USAGE',
      `An operation's type has 1 to ${TYPE_LENGTH_MAX} characters.`,
    );
  }
  expectStorable('type', operation.type);
  return {
    type: operation.type,
    key: checkedKey('key', operation.key ?? null),
    payload: toJsonText(what, operation.payload),
    idempotencyKey: checkedKey('idempotency key', options.idempotencyKey ?? null),
    ...checkedDue(options),
    priority: checkedPriority(options),
    deadlineMs: checkedDeadline(options),
    // Too long a trace state is left out rather than cut: half of one means nothing.
    traceContext:
      traceContext !== null && traceContext.length <= TRACE_CONTEXT_LENGTH_MAX
        ? traceContext
        : null,
  };
}

function checkedKey(name: string, key: string | null): string | null {
  if (key === null) return null;
  if (key.length === 0)
    throw new UsageError('TENON_USAGE', `The ${name} is empty. Leave it out for none.`);
  expectStorable(name, key);
  const bytes = utf8Bytes(key);
  if (bytes > KEY_BYTES_MAX) {
    throw new UsageError(
      'TENON_USAGE',
      `The ${name} has ${bytes} bytes, the limit is ${KEY_BYTES_MAX}. Use a shorter key or its hash.`,
    );
  }
  return key;
}

function expectStorable(name: string, text: string): void {
  if (text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    throw new UsageError(
      'TENON_USAGE',
      `The ${name} holds a character that no database stores (NUL or half a surrogate pair).`,
    );
  }
}

function checkedDue(options: AppendOptions): Pick<NewMarker, 'delayMs' | 'dueAt'> {
  const { delayMs = 0, dueAt = null } = options;
  if (!(delayMs >= 0 && delayMs <= DELAY_MS_MAX)) {
    throw new UsageError(
      'TENON_USAGE',
      `delayMs must lie between 0 and ${DELAY_MS_MAX} milliseconds, not ${String(delayMs)}.`,
    );
  }
  if (dueAt !== null && !(dueAt.getTime() > 0 && dueAt <= DUE_AT_MAX)) {
    throw new UsageError(
      'TENON_USAGE',
      `dueAt must be a date between 1970 and ${DUE_AT_MAX.toISOString()}.`,
    );
  }
  if (dueAt !== null && options.delayMs !== undefined) {
    throw new UsageError('TENON_USAGE', 'Give either delayMs or dueAt, not both.');
  }
  return { delayMs: Math.round(delayMs), dueAt };
}

function checkedPriority({ priority = 'normal' }: AppendOptions): NewMarker['priority'] {
  if (!PRIORITIES.includes(priority)) {
    throw new UsageError(
      'TENON_USAGE',
      `priority must be one of ${PRIORITIES.join(', ')}, not "${priority}".`,
    );
  }
  return PRIORITY_NUMBERS[priority];
}

function checkedDeadline({ deadlineMs }: AppendOptions): number | null {
  if (deadlineMs === undefined) return null;
  if (!(deadlineMs >= 1 && deadlineMs <= DELAY_MS_MAX)) {
    throw new UsageError(
      'TENON_USAGE',
      `deadlineMs must lie between 1 and ${DELAY_MS_MAX} milliseconds, not ${String(deadlineMs)}.`,
    );
  }
  return Math.round(deadlineMs);
}
