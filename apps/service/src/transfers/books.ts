import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { Account } from './account.entity';
import { Bank } from './bank.entity';

/** Rows per statement: enough to be quick, few enough for every driver's limit on parameters. */
const BATCH_SIZE_MAX = 500;

/** Opens accounts and banks. */
@Injectable()
export class Books {
  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    @InjectRepository(Bank) private readonly banks: Repository<Bank>,
  ) {}

  /** Opens those accounts that are not open yet, each with this balance. */
  async openAccounts(ids: readonly string[], openingBalance: string): Promise<void> {
    for (let begin = 0; begin < ids.length; begin += BATCH_SIZE_MAX) {
      const batch = ids.slice(begin, begin + BATCH_SIZE_MAX);
      const open = await this.accounts.findBy({ id: In(batch) });
      const known = new Set(open.map((account) => account.id));
      const balance = { openingBalance, balance: openingBalance, reserved: '0.00' };
      const rows = batch.filter((id) => !known.has(id)).map((id) => ({ id, ...balance }));
      if (rows.length > 0) await this.accounts.insert(rows);
    }
  }

  /** Makes these banks known, and closes exactly those that `closed` names. */
  async setBanks(ids: readonly string[], closed: ReadonlySet<string>): Promise<void> {
    const rows = [...new Set([...ids, ...closed])].map((id) => ({ id, isClosed: closed.has(id) }));
    for (let begin = 0; begin < rows.length; begin += BATCH_SIZE_MAX) {
      await this.banks.upsert(rows.slice(begin, begin + BATCH_SIZE_MAX), ['id']);
    }
  }
}
