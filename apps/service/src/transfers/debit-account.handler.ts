import {
  refuse,
  type Refusal,
  type TccHandler,
  type TransactionalContext,
  type WithOutput,
} from '@tenon/core';
import { Injectable } from '@nestjs/common';
import { Account } from '../accounts/account.entity';
import { EffectLedger } from './effect-ledger';
import { AMOUNT } from './money';
import type { Transfer } from './transfer';

/** What `try` reserved on the paying account. */
export interface Reservation {
  readonly accountId: string;
  readonly amount: string;
}

type Reserved = WithOutput<TransactionalContext<Transfer>, Reservation>;
type PerhapsReserved = WithOutput<TransactionalContext<Transfer>, Reservation | undefined>;

/** The paying side of a transfer. */
@Injectable()
export class DebitAccount implements TccHandler<Transfer, Reservation> {
  constructor(private readonly effects: EffectLedger) {}

  /** Reserves the amount, if the free balance covers it: one statement looks and takes, so no lock is needed before. */
  async try(ctx: TransactionalContext<Transfer>): Promise<Reservation | Refusal> {
    const { accountId, amount } = ctx.input;
    const { affected } = await ctx.tx
      .createQueryBuilder()
      .update(Account)
      .set({ reserved: () => `reserved + ${AMOUNT}` })
      .where(`id = :accountId AND balance - reserved >= ${AMOUNT}`, { accountId, amount })
      .execute();
    if (affected === 0) {
      const isKnown = await ctx.tx.existsBy(Account, { id: accountId });
      return refuse(isKnown ? 'insufficient funds' : 'unknown account');
    }
    await this.effects.note(ctx, 'try');
    return { accountId, amount };
  }

  /** Books what was reserved. */
  async confirm(ctx: Reserved): Promise<void> {
    await this.change(ctx, ctx.output, {
      balance: () => `balance - ${AMOUNT}`,
      reserved: () => `reserved - ${AMOUNT}`,
    });
    await this.effects.note(ctx, 'confirm');
  }

  /** Releases what was reserved. Tenon calls it only if the reservation is there, so the input tells as much. */
  async cancel(ctx: PerhapsReserved): Promise<void> {
    await this.change(ctx, ctx.output ?? ctx.input, { reserved: () => `reserved - ${AMOUNT}` });
    await this.effects.note(ctx, 'cancel');
  }

  private async change(
    ctx: TransactionalContext,
    { accountId, amount }: Reservation,
    columns: Partial<Record<'balance' | 'reserved', () => string>>,
  ): Promise<void> {
    const { affected } = await ctx.tx
      .createQueryBuilder()
      .update(Account)
      .set(columns)
      .where('id = :accountId', { accountId, amount })
      .execute();
    if (affected !== 1)
      throw new Error(`account ${accountId} is gone, with ${amount} reserved on it`);
  }
}
