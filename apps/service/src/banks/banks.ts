import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { retried } from '../database/retried';
import { Bank } from './bank.entity';

const BANKS_PER_STATEMENT = 500;
/** Banks that are remembered as known. There are few; whoever invents them costs a look, not the memory. */
const REMEMBERED_MAX = 10_000;

/** The receiving banks. */
@Injectable()
export class Banks {
  /** A bank that is known stays so: rows are never deleted. */
  private readonly known = new Set<string>();

  constructor(@InjectRepository(Bank) private readonly banks: Repository<Bank>) {}

  /** Makes these banks known, and closes exactly those that `closed` names. */
  async set(ids: readonly string[], closed: ReadonlySet<string>): Promise<void> {
    const rows = [...new Set([...ids, ...closed])].map((id) => ({ id, isClosed: closed.has(id) }));
    for (let begin = 0; begin < rows.length; begin += BANKS_PER_STATEMENT) {
      const batch = rows.slice(begin, begin + BANKS_PER_STATEMENT);
      await retried(() => this.banks.upsert(batch, ['id']));
    }
  }

  /** Makes known those that are not: a bank is open until somebody closes it. */
  async meet(ids: Iterable<string>): Promise<void> {
    const strange = [...new Set(ids)].filter((id) => !this.known.has(id));
    if (strange.length === 0) return;
    await retried(async () => {
      const found = new Set((await this.banks.findBy({ id: In(strange) })).map(({ id }) => id));
      const rows = strange.filter((id) => !found.has(id)).map((id) => ({ id, isClosed: false }));
      if (rows.length > 0) await this.banks.insert(rows);
    });
    if (this.known.size + strange.length > REMEMBERED_MAX) this.known.clear();
    strange.slice(0, REMEMBERED_MAX).forEach((id) => this.known.add(id));
  }
}
