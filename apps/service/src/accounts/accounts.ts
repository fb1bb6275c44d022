import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { retried } from '../database/retried';
import { Account } from './account.entity';

/** Rows per statement: enough to be quick, few enough for every driver's limit on parameters. */
export const ACCOUNTS_PER_COMMIT = 500;

/** The paying accounts. */
@Injectable()
export class Accounts {
  constructor(@InjectRepository(Account) private readonly accounts: Repository<Account>) {}

  /** Opens those accounts that are not open yet, each with this balance. Answers how many were not. */
  async open(ids: readonly string[], openingBalance: string): Promise<number> {
    let opened = 0;
    for (let begin = 0; begin < ids.length; begin += ACCOUNTS_PER_COMMIT) {
      const batch = [...new Set(ids.slice(begin, begin + ACCOUNTS_PER_COMMIT))];
      opened += await retried(() => this.openBatch(batch, openingBalance));
    }
    return opened;
  }

  async find(id: string): Promise<Account | null> {
    return this.accounts.findOneBy({ id });
  }

  private async openBatch(ids: readonly string[], openingBalance: string): Promise<number> {
    const open = await this.accounts.findBy({ id: In(ids) });
    const known = new Set(open.map((account) => account.id));
    const balance = { openingBalance, balance: openingBalance, reserved: '0.00' };
    const rows = ids.filter((id) => !known.has(id)).map((id) => ({ id, ...balance }));
    if (rows.length > 0) await this.accounts.insert(rows);
    return rows.length;
  }
}
