import { transferFault, type Transfer } from '../transfers/transfer';
import { semicolonRecords } from './semicolon-records';
import { textLines } from './text-lines';

/** A line of an order file. */
export type OrderLine =
  | { readonly line: number; readonly order: Transfer }
  | { readonly line: number; readonly fault: string };

const COLUMNS = ['order_id', 'account_id', 'bank_to', 'account_to', 'amount'] as const;

/** Reads payment orders from a file in the format of `order.asc`. What a transfer does not need is left out. */
export async function* orderLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<OrderLine> {
  for await (const row of semicolonRecords(textLines(chunks), COLUMNS)) {
    if ('fault' in row) {
      yield row;
      continue;
    }
    const order = orderOf(row.record);
    const fault = transferFault(order);
    yield fault === null ? { line: row.line, order } : { line: row.line, fault };
  }
}

function orderOf(record: Readonly<Record<string, string>>): Transfer {
  const { order_id = '', account_id = '', bank_to = '', account_to = '', amount = '' } = record;
  return {
    orderId: order_id,
    accountId: account_id,
    bankTo: bank_to,
    accountTo: account_to,
    amount,
  };
}
