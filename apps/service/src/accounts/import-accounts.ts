import { Injectable } from '@nestjs/common';
import { accountLines } from '../files/account-file';
import { RefusedLines, type RefusedLine } from '../http/refused-lines';
import { Accounts, ACCOUNTS_PER_COMMIT } from './accounts';

export interface AccountImport {
  readonly opened: number;
  readonly existing: number;
  readonly refused: readonly RefusedLine[];
  readonly refusedCount: number;
}

/** Opens the accounts of a file, however long it is: read and written batch by batch. */
@Injectable()
export class ImportAccounts {
  constructor(private readonly accounts: Accounts) {}

  /** @throws InputFileError when it is no file of accounts. What was opened before stays; a second import finds it. */
  async import(file: AsyncIterable<Buffer>, openingBalance: string): Promise<AccountImport> {
    const refused = new RefusedLines();
    let batch: string[] = [];
    let [opened, existing] = [0, 0];
    const write = async (): Promise<void> => {
      const fresh = await this.accounts.open(batch, openingBalance);
      opened += fresh;
      existing += batch.length - fresh;
      batch = [];
    };
    for await (const row of accountLines(file)) {
      if ('fault' in row) refused.add(row.line, row.fault);
      else batch.push(row.accountId);
      if (batch.length === ACCOUNTS_PER_COMMIT) await write();
    }
    if (batch.length > 0) await write();
    return { opened, existing, ...refused.answer };
  }
}
