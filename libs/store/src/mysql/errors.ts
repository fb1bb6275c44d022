import type { StoreErrorKind } from '@tenon/core';

const CONFLICT: ReadonlySet<number> = new Set([
  1020, // MariaDB with innodb_snapshot_isolation: the row has changed since this transaction's snapshot
  1205, // a lock wait took too long. It undoes only the statement: roll back before anything else
  1213, // deadlock
  1969, // MariaDB: max_statement_time
  3024, // MySQL: max_execution_time
  3101, // MySQL: group replication rolled back at commit
]);

const UNAVAILABLE: ReadonlySet<number> = new Set([
  1040, // too many connections
  1047, // a Galera node that is not ready
  1053, // shutting down
  1077,
  1079,
  1080,
  1158, // network
  1159,
  1160,
  1161,
  1184,
  1203, // too many connections of this user
  1290, // read-only: this was the primary until a moment ago
  1317, // interrupted, as a server does with what runs when it shuts down
  1792,
  1836,
  1927, // MariaDB: the connection was killed
  2002, // the client's own, from here
  2003,
  2006,
  2013,
  4031, // MySQL: idle for too long
]);

const DATA: ReadonlySet<number> = new Set([
  1048, // null
  1062, // duplicate
  1136,
  1153, // larger than max_allowed_packet
  1216, // foreign keys
  1217,
  1264, // out of range
  1265,
  1292,
  1364,
  1366, // not of this type or character set
  1406, // too long
  1451,
  1452,
  1526,
  1690,
  3140, // MySQL: not JSON
  3141,
  3819, // MySQL: CHECK
  4025, // MariaDB: CHECK, JSON's among them
]);

const LOST: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the server's socket file
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_UNEXPECTED_PACKET',
]);

/** How an error of the driver, or TypeORM's wrapping of it, is to be met. */
export function classifyMysqlError(error: unknown): StoreErrorKind {
  const { errno, code, fatal } = driverError(error);
  // What a server says to an idle connection before it closes it comes with its number in the place of the code.
  const number = typeof code === 'number' ? code : errno;
  if (number !== undefined && number > 0) {
    if (CONFLICT.has(number)) return 'conflict';
    if (UNAVAILABLE.has(number)) return 'unavailable';
    return DATA.has(number) ? 'data' : 'other';
  }
  // A driver's connection that has died says of later commands only that it is closed: fatal, with neither code nor number.
  const isLost = typeof code === 'string' ? LOST.has(code) : fatal === true;
  return isLost ? 'unavailable' : 'other';
}

/** A row with this key exists. In InnoDB this fails the statement, and the transaction goes on. */
export function isDuplicate(error: unknown): boolean {
  return driverError(error).errno === 1062;
}

interface DriverError {
  /** The server's number; the operating system's, which is negative, where the connection failed. */
  readonly errno?: number;
  readonly code?: string | number;
  readonly fatal?: boolean;
}

function driverError(error: unknown): DriverError {
  if (typeof error !== 'object' || error === null) return {};
  if ('driverError' in error) return driverError(error.driverError);
  return error;
}
