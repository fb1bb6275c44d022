import { idFault } from '../transfers/transfer';
import { semicolonRecords } from './semicolon-records';
import { textLines } from './text-lines';

/** A line of an account file. */
export type AccountLine =
  | { readonly line: number; readonly accountId: string }
  | { readonly line: number; readonly fault: string };

/** Reads `account_id` from a file in the format of `account.asc`. */
export async function* accountLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<AccountLine> {
  for await (const row of semicolonRecords(textLines(chunks), ['account_id'])) {
    if ('fault' in row) {
      yield row;
      continue;
    }
    const accountId = row.record.account_id ?? '';
    const fault = idFault('account', accountId);
    yield fault === null ? { line: row.line, accountId } : { line: row.line, fault };
  }
}
