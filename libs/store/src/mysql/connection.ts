import type { Connection, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2';

/** Hung for so long, a connection is given up: it may have lost its server without a word. */
const STATEMENTS_MS_MAX = 30_000;

/** One statement of a packet, with the values for its question marks. */
export type Statement = readonly [sql: string, ...values: readonly unknown[]];

/** What a statement answered: rows, or a header. */
export type Answer = readonly unknown[] | ResultSetHeader;

/** The rows of a SELECT. What a row holds is for the statement to say. */
export function rowsOf<Row>(answer: Answer | undefined): Row[] {
  return Array.isArray(answer) ? (answer as Row[]) : [];
}

/** How many rows a statement that writes has found. */
export function changedBy(answer: Answer | undefined): number {
  return answer !== undefined && 'affectedRows' in answer ? answer.affectedRows : 0;
}

/**
 * Carries out several statements in one round trip, on a connection of the engine's own. When one fails, those behind it
 * are not carried out.
 */
export function sendAll(
  connection: PoolConnection,
  statements: readonly Statement[],
): Promise<readonly Answer[]> {
  const sql = statements.map(([text, ...values]) => connection.format(text, values)).join(';');
  return new Promise((resolve, reject) => {
    // Not the driver's own time-out: its timer goes on behind a lost connection, and keeps a process from its end.
    const patience = setTimeout(() => reject(new SilentServerError()), STATEMENTS_MS_MAX).unref();
    connection.query(sql, (error, result) => {
      clearTimeout(patience);
      if (error !== null) reject(error);
      else resolve((statements.length === 1 ? [result] : result) as readonly Answer[]);
    });
  });
}

/** The connection is of no use any more: whoever meets this destroys it. */
class SilentServerError extends Error {
  readonly code = 'PROTOCOL_SEQUENCE_TIMEOUT';

  constructor() {
    super(`The server has not answered for ${STATEMENTS_MS_MAX} ms.`);
  }
}

/** What an application may have changed in the driver's ways, as this library needs it. */
const PLAIN = {
  typeCast: true,
  rowsAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
} as const;

/** Carries out one statement on a connection of the application's. */
export function sendOn<Result extends ResultSetHeader | RowDataPacket[]>(
  connection: Pick<Connection, 'query'>,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Result> {
  return new Promise((resolve, reject) => {
    connection.query<Result>({ ...PLAIN, sql, values: [...values] }, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
