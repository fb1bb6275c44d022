import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { TenonError, type StoreErrorKind, type TenonErrorCode } from '@tenon/core';

/** An error as HTTP tells it: RFC 9457, with a stable `code` for programs. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong and what to do, for a person. */
  readonly detail: string;
  readonly code: string;
  /** More that a program may want: the fields of bad input, the parts of a health check. */
  readonly [extra: string]: unknown;
}

/** The one table from Tenon's errors to HTTP. What a caller cannot have caused is a 500, and says no more than that. */
const STATUS_OF_CODE: Readonly<Record<TenonErrorCode, number>> = {
  TENON_CANCELLED: 409,
  TENON_CONFLICT: 409,
  TENON_CRASH_LOOP: 500,
  TENON_DEADLINE_EXCEEDED: 504,
  TENON_DUPLICATE: 409,
  TENON_HANDLER_FAILED: 500,
  TENON_INVALID_DEFINITION: 500,
  TENON_INVALID_INPUT: 400,
  TENON_INVALID_RESULT: 400,
  TENON_INVARIANT: 500,
  TENON_NOT_FOUND: 404,
  TENON_NOT_IN_TRANSACTION: 500,
  TENON_PAYLOAD_TOO_LARGE: 413,
  TENON_QUEUE_UNAVAILABLE: 503,
  TENON_SCHEMA_MISSING: 500,
  TENON_SCHEMA_NEWER: 500,
  TENON_STEP_TIMEOUT: 504,
  TENON_STORE_UNAVAILABLE: 503,
  TENON_UNKNOWN_HANDLER: 500,
  TENON_UNKNOWN_OPERATION: 400,
  TENON_USAGE: 400,
};

/** The codes of errors that are HTTP's own. Others are `HTTP_` and their status. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'TENON_INVALID_INPUT',
  401: 'TENON_UNAUTHENTICATED',
  403: 'TENON_FORBIDDEN',
  404: 'TENON_NOT_FOUND',
  405: 'TENON_METHOD_NOT_ALLOWED',
  409: 'TENON_CONFLICT',
  413: 'TENON_PAYLOAD_TOO_LARGE',
  415: 'TENON_UNSUPPORTED_MEDIA_TYPE',
  429: 'TENON_TOO_MANY_REQUESTS',
  500: 'TENON_INTERNAL',
  503: 'TENON_UNAVAILABLE',
};

/** Members of an exception's answer that this page says in its own words. */
const OWN_MEMBERS = ['statusCode', 'message', 'type', 'title', 'status', 'detail', 'code'];
const DETAIL_LENGTH_MAX = 2_000;

/** What an error is to the caller. Never holds a stack, SQL, or what a driver hangs on its errors. Pure. */
export function problemOf(error: unknown, kind: StoreErrorKind): Problem {
  if (error instanceof TenonError) return ofTenon(error);
  if (error instanceof HttpException) return ofHttp(error);
  const parser = bodyFault(error);
  if (parser !== null) return parser;
  if (kind === 'unavailable')
    return problem(503, 'TENON_STORE_UNAVAILABLE', 'The database does not answer. Try again.');
  if (kind === 'conflict')
    return problem(503, 'TENON_STORE_UNAVAILABLE', 'The database is too busy for this. Try again.');
  return internal();
}

function ofTenon(error: TenonError): Problem {
  const status = STATUS_OF_CODE[error.code];
  return status === 500 ? internal() : problem(status, error.code, error.message);
}

function ofHttp(exception: HttpException): Problem {
  const status = exception.getStatus();
  if (status === 500) return internal();
  const parser = bodyFault(exception.cause);
  if (parser !== null) return parser;
  const answer = exception.getResponse();
  const members: Record<string, unknown> =
    typeof answer === 'string' ? { message: answer } : { ...answer };
  const code = typeof members.code === 'string' ? members.code : codeOf(status);
  return {
    ...problem(status, code, messageOf(members.message) ?? exception.message),
    ...extrasOf(members),
  };
}

/** What body-parser and its like throw. Their messages quote the body; ours do not. */
function bodyFault(error: unknown): Problem | null {
  if (typeof error !== 'object' || error === null) return null;
  const { type, limit, status } = error as Readonly<Record<string, unknown>>;
  switch (type) {
    case 'entity.parse.failed':
      return problem(400, 'TENON_INVALID_INPUT', 'The body is not JSON.');
    case 'entity.too.large':
    case 'parameters.too.many':
      return problem(
        413,
        'TENON_PAYLOAD_TOO_LARGE',
        `The body is too large${typeof limit === 'number' ? `: at most ${limit} bytes are read` : ''}.`,
      );
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return problem(415, codeOf(415), 'The encoding of the body is not supported: send UTF-8.');
    case 'request.aborted':
    case 'request.size.invalid':
      return problem(400, 'TENON_INVALID_INPUT', 'The body is not as long as its headers say.');
    default:
      return typeof type === 'string' && typeof status === 'number' && status >= 400 && status < 500
        ? problem(status, codeOf(status), STATUS_CODES[status] ?? 'The request cannot be read.')
        : null;
  }
}

function problem(status: number, code: string, detail: string): Problem {
  return {
    type: `urn:tenon:error:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: detail.slice(0, DETAIL_LENGTH_MAX),
    code,
  };
}

function internal(): Problem {
  return problem(500, codeOf(500), 'Something went wrong here. The log of the service says what.');
}

function codeOf(status: number): string {
  return CODE_OF_STATUS[status] ?? `HTTP_${status}`;
}

function messageOf(message: unknown): string | null {
  if (Array.isArray(message)) return message.map(String).join('; ');
  if (typeof message !== 'string') return null;
  // Nest's "Cannot GET /path?query": a query may hold what no log should.
  return message.startsWith('Cannot ') ? (message.split('?')[0] ?? message) : message;
}

function extrasOf(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const extras = Object.entries(members).filter(
    // Nest's `error` is the title once more; a health check's is an object.
    ([name, value]) =>
      !OWN_MEMBERS.includes(name) && !(name === 'error' && typeof value === 'string'),
  );
  return Object.fromEntries(extras);
}
