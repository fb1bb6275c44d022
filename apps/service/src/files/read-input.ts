import { createReadStream } from 'node:fs';
import type { Transfer } from '../transfers/transfer';
import { accountLines } from './account-file';
import { orderLines } from './order-file';
import { InputFileError } from './semicolon-records';

/** A line that was not taken. */
export interface RefusedLine {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** What two files of accounts and payment orders say. */
export interface Input {
  readonly accountIds: readonly string[];
  /** In the order of their numbers, which is the order in which an account wants them carried out. */
  readonly orders: readonly Transfer[];
  readonly refused: readonly RefusedLine[];
}

/**
 * Reads both files. What cannot be an account or an order is refused, line by line, and stops nothing else; an id that
 * occurs again is refused the second time.
 *
 * @throws InputFileError when a file cannot be read, or is of another kind
 */
export async function readInput(accountFile: string, orderFile: string): Promise<Input> {
  const refused: RefusedLine[] = [];
  const accountIds = await collect(accountFile, accountLines, refused, (row) =>
    'accountId' in row ? { id: row.accountId, value: row.accountId } : row.fault,
  );
  const orders = await collect(orderFile, orderLines, refused, (row) =>
    'order' in row ? { id: row.order.orderId, value: row.order } : row.fault,
  );
  return { accountIds, orders: orders.sort((a, b) => byNumber(a.orderId, b.orderId)), refused };
}

async function collect<Row extends { readonly line: number }, Value>(
  file: string,
  rowsOf: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Row>,
  refused: RefusedLine[],
  read: (row: Row) => { readonly id: string; readonly value: Value } | string,
): Promise<Value[]> {
  const firstLines = new Map<string, number>();
  const values: Value[] = [];
  try {
    for await (const row of rowsOf(createReadStream(file))) {
      const found = read(row);
      const first = typeof found === 'string' ? undefined : firstLines.get(found.id);
      if (typeof found === 'string') {
        refused.push({ file, line: row.line, reason: found });
      } else if (first !== undefined) {
        refused.push({ file, line: row.line, reason: `the id is that of line ${first}` });
      } else {
        firstLines.set(found.id, row.line);
        values.push(found.value);
      }
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputFileError(`${file} cannot be read. ${why}`, { cause: error });
  }
  return values;
}

/** Numbers by their value, whatever their length; anything else by its text, behind them. */
function byNumber(a: string, b: string): number {
  const [left, right] = [a, b].map((id) => (/^\d+$/.test(id) ? BigInt(id) : null));
  if (
    left !== null &&
    left !== undefined &&
    right !== null &&
    right !== undefined &&
    left !== right
  ) {
    return left < right ? -1 : 1;
  }
  if ((left === null) !== (right === null)) return left === null ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
