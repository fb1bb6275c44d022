import { setTimeout as wait } from 'node:timers/promises';
import { QueryRunnerAlreadyReleasedError, type DataSource } from 'typeorm';
import { SettingError, type DatabaseUrl } from './database-url';

/** How long a database that does not answer is waited for, in milliseconds. */
export const WAIT_MS_MAX = 60_000;
const RETRY_MS = 500;

/** The database did not come up in time. */
export class DatabaseDownError extends Error {
  override readonly name = 'DatabaseDownError';
}

/**
 * Connects `dataSource`. A server that does not answer is waited for, up to `waitMsMax`, which `say` tells once; one that
 * answers and refuses (a wrong password, a missing database) is an error at once.
 */
export async function openDatabase(
  dataSource: DataSource,
  database: DatabaseUrl,
  say: (message: string) => void,
  waitMsMax = WAIT_MS_MAX,
): Promise<DataSource> {
  const deadlineMs = performance.now() + waitMsMax;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await dataSource.initialize();
      if (attempt > 1) say(`The database ${database.shown} answers.`);
      return dataSource;
    } catch (error) {
      const reason = reasonOf(error);
      if (!isDown(error)) {
        throw new SettingError(
          `The database ${database.shown} refuses us: ${reason}. Check the user, the password and the name in its URL.`,
          { cause: error },
        );
      }
      if (performance.now() >= deadlineMs) {
        throw new DatabaseDownError(
          `The database ${database.shown} did not answer within ${waitMsMax / 1000} s: ${reason}. ` +
            'Start it, or correct its address.',
          { cause: error },
        );
      }
      if (attempt === 1) {
        say(
          `The database ${database.shown} does not answer (${reason}). Waiting up to ${waitMsMax / 1000} s for it …`,
        );
      }
      await wait(RETRY_MS);
    }
  }
}

/** What drivers say of a server that is not there, is starting or is stopping. */
const DOWN_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'],
  ...[
    'ENOTFOUND',
    'EAI_AGAIN',
    'PROTOCOL_CONNECTION_LOST',
    'ER_SERVER_SHUTDOWN',
    'ER_CON_COUNT_ERROR',
  ],
  ...['57P01', '57P02', '57P03', '53300', '08001', '08006'],
]);

/** The same, where a driver gives no code. */
const DOWN_WORDS =
  /connection terminated|timeout (expired|exceeded)|connect ETIMEDOUT|closed state/i;

/** Whether `error` says that the database cannot be reached just now. */
export function isDown(error: unknown): boolean {
  // What TypeORM says when a connection broke between two statements.
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  if (!(error instanceof Error)) return false;
  if ('code' in error && DOWN_CODES.has(String(error.code))) return true;
  if (DOWN_WORDS.test(error.message)) return true;
  return 'driverError' in error && error.driverError !== error && isDown(error.driverError);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
