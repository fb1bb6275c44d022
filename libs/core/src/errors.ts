/** Every error code of Tenon. A code never changes its meaning, so it may be matched on and alerted on. */
export type TenonErrorCode =
  | 'TENON_CANCELLED'
  | 'TENON_CONFLICT'
  | 'TENON_CRASH_LOOP'
  | 'TENON_DEADLINE_EXCEEDED'
  | 'TENON_DUPLICATE'
  | 'TENON_HANDLER_FAILED'
  | 'TENON_INVALID_DEFINITION'
  | 'TENON_INVALID_INPUT'
  | 'TENON_INVALID_RESULT'
  | 'TENON_INVARIANT'
  | 'TENON_NOT_FOUND'
  | 'TENON_NOT_IN_TRANSACTION'
  | 'TENON_PAYLOAD_TOO_LARGE'
  | 'TENON_QUEUE_UNAVAILABLE'
  | 'TENON_SCHEMA_MISSING'
  | 'TENON_SCHEMA_NEWER'
  | 'TENON_STEP_TIMEOUT'
  | 'TENON_STORE_UNAVAILABLE'
  | 'TENON_UNKNOWN_HANDLER'
  | 'TENON_UNKNOWN_OPERATION'
  | 'TENON_USAGE';

/** The base of every error that Tenon throws: a message for a person, a stable `code` for a program, the `cause` kept. */
export class TenonError extends Error {
  constructor(
    readonly code: TenonErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Tenon was used wrongly, at boot or at a call. The message says what is wrong and what to do. Never worth a retry. */
export class UsageError extends TenonError {}

/** An operation with this idempotency key was appended before, and the caller asked for that to be refused. */
export class DuplicateError extends TenonError {
  constructor(
    readonly existingId: string,
    message: string,
  ) {
    super('TENON_DUPLICATE', message);
  }
}

/** There is nothing of that name or id. */
export class NotFoundError extends TenonError {
  constructor(message: string) {
    super('TENON_NOT_FOUND', message);
  }
}

/** What was asked for does not fit the state of the thing. The message says what the state is, and what would fit. */
export class ConflictError extends TenonError {
  constructor(message: string) {
    super('TENON_CONFLICT', message);
  }
}

/** The store cannot be used as it is: its schema is missing, or newer than this program. Needs a person. */
export class SchemaError extends TenonError {}

/** A belief of the engine turned out false. This is a bug: the saga it concerns is paused, the process lives on. */
export class InvariantError extends TenonError {
  constructor(message: string) {
    super('TENON_INVARIANT', message);
  }
}

/** Throws an {@link InvariantError} that says `why`, unless `condition` holds. */
export function invariant(condition: boolean, why: string): asserts condition {
  if (!condition) throw new InvariantError(why);
}
