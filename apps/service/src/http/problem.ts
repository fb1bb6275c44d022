import { STATUS_CODES, type ServerResponse } from 'node:http';

/** An error as RFC 9457 has it. Other members may stand beside these. */
export interface Problem {
  readonly status: number;
  /** What is wrong and what to do, for a person. */
  readonly detail: string;
  /** For programs, where there is one: a code of Tenon's. */
  readonly code?: string;
  /** What is wrong, one by one, where it is more than one thing. */
  readonly errors?: readonly string[];
  readonly [member: string]: unknown;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** When a client may try again what failed for now, in seconds. */
export const RETRY_AFTER_SECONDS = 2;

/** Answers with the problem, and with `Retry-After` where it is worth another try. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  const { status, detail, ...members } = problem;
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, ...members });
  response.statusCode = status;
  response.setHeader('content-type', PROBLEM_TYPE);
  response.setHeader('cache-control', 'no-store');
  if (status === 503) response.setHeader('retry-after', String(RETRY_AFTER_SECONDS));
  response.end(body);
}
