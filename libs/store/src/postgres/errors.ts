import type { StoreErrorKind } from '@tenon/core';

const CONFLICTS = new Set(['40001', '40P01', '55P03']);
const UNAVAILABLE = new Set([
  ...['57P01', '57P02', '57P03', '57P05', '53300', '25006'],
  '25P03', // idle for too long in a transaction: the server has ended the connection
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);

/** What the driver says, without a code, when a connection is gone or was not to be had in time. */
const LOST =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|Client was closed|Cannot use a pool after calling end|Driver not Connected/i;

/** How an error of PostgreSQL, its driver or TypeORM is to be met. */
export function classifyPostgresError(error: unknown): StoreErrorKind {
  const cause = driverError(error);
  const code = codeOf(cause);
  if (CONFLICTS.has(code)) return 'conflict';
  if (UNAVAILABLE.has(code) || code.startsWith('08')) return 'unavailable';
  if (isSqlState(code)) return code.startsWith('22') || code.startsWith('23') ? 'data' : 'other';
  return cause instanceof Error && LOST.test(cause.message) ? 'unavailable' : 'other';
}

/** A row with the same key was there, or was committed at the same time. */
export function isUniqueViolation(error: unknown, index?: string): boolean {
  const cause = driverError(error);
  return codeOf(cause) === '23505' && (index === undefined || constraintOf(cause) === index);
}

/** TypeORM wraps what the driver throws. */
function driverError(error: unknown): unknown {
  if (typeof error === 'object' && error !== null && 'driverError' in error)
    return error.driverError;
  return error;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function constraintOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'constraint' in error
    ? error.constraint
    : undefined;
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}
