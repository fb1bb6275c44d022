import { TenonError, UsageError } from '../errors';
import type { Json } from '../json';
import { DELAY_MS_MAX } from '../retry/backoff';

/** The business says no. Returned (or thrown as {@link RefusedError}) by a handler; made with {@link refuse}. */
export class Refusal {
  constructor(readonly reason: string) {}
}

/**
 * A handler's way to say no: the step did nothing, what was done before it is undone, and the saga ends `compensated` with
 * this reason. In a transactional step the transaction is rolled back. Keep the reason short and stable: operators and
 * reports group by it.
 */
export function refuse(reason: string): Refusal {
  return new Refusal(reason);
}

/** The same as returning {@link refuse}, for code that is too deep to return it. */
export class RefusedError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'RefusedError';
  }
}

/** Thrown by a handler whose failure no retry can mend: the remaining attempts are not spent. */
export class FinalError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'FinalError';
  }
}

/** Thrown by a handler that knows when to be called again (an HTTP `Retry-After`, say). Counts as a failed attempt. */
export class RetryAfterError extends Error {
  constructor(
    readonly retryAfterMs: number,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'RetryAfterError';
  }
}

/** What came of one handler call. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: Json }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly isFinal: boolean;
      readonly retryAfterMs: number | null;
    };

/** Error texts in the history are cut to this many characters. */
export const ERROR_TEXT_LENGTH_MAX = 2_000;

/** Whatever a handler threw, `undefined` included, as an {@link Outcome}. The one place where exceptions become data. */
export function outcomeOfThrown(thrown: unknown): Outcome {
  if (thrown instanceof Refusal || thrown instanceof RefusedError) {
    return { kind: 'refused', reason: storableText(thrown.reason) };
  }
  return {
    kind: 'failed',
    code: thrown instanceof TenonError ? thrown.code : 'TENON_HANDLER_FAILED',
    message: storableText(messageOf(thrown)),
    // A wrong use stays wrong: a result that cannot be stored, an operation that may not be appended.
    isFinal: thrown instanceof FinalError || thrown instanceof UsageError,
    retryAfterMs: thrown instanceof RetryAfterError ? checkedWait(thrown.retryAfterMs) : null,
  };
}

/** A wait that a handler asks for; null, and so the usual one, when it is no number. */
function checkedWait(ms: number): number | null {
  return Number.isNaN(ms) ? null : Math.round(Math.min(Math.max(0, ms), DELAY_MS_MAX));
}

function messageOf(thrown: unknown): string {
  try {
    if (isErrorLike(thrown)) return `${String(thrown.name)}: ${String(thrown.message)}`;
    if (typeof thrown === 'string') return `the handler threw ${thrown}`;
    // Of undefined this makes the text "undefined".
    return `the handler threw ${JSON.stringify(thrown)}`;
  } catch {
    return 'the handler threw a value that cannot be shown';
  }
}

/** By its looks, not by its class: an error may come from another realm (a VM, a worker, a test runner). */
function isErrorLike(
  thrown: unknown,
): thrown is { readonly name: unknown; readonly message: unknown } {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown && 'message' in thrown;
}

/** Texts go into columns that take neither a NUL character nor half a surrogate pair. */
export function storableText(text: string): string {
  return text
    .slice(0, ERROR_TEXT_LENGTH_MAX)
    .replaceAll('\0', '\u2400')
    .replace(/\p{Surrogate}/gu, '\ufffd');
}
