import { refuse, type Refusal, type TccHandler, type TransactionalContext } from '@tenon/core';
import { Injectable } from '@nestjs/common';
import { Bank } from '../banks/bank.entity';
import { EffectLedger } from './effect-ledger';
import { LedgerEntry } from './ledger-entry.entity';
import type { Transfer } from './transfer';

/** The receiving side of a transfer. A bank's balance is the sum of its entries: no row that everybody waits for. */
@Injectable()
export class CreditBank implements TccHandler<Transfer> {
  constructor(private readonly effects: EffectLedger) {}

  /** Asks whether the bank takes money. There is nothing to reserve. */
  async try(ctx: TransactionalContext<Transfer>): Promise<Refusal | undefined> {
    const bank = await ctx.tx.findOneBy(Bank, { id: ctx.input.bankTo });
    if (bank === null) return refuse('unknown bank');
    if (bank.isClosed) return refuse('bank closed');
    await this.effects.note(ctx, 'try');
    return undefined;
  }

  /** Appends the bank's ledger entry. */
  async confirm(ctx: TransactionalContext<Transfer>): Promise<void> {
    const { orderId, accountId, bankTo, accountTo, amount } = ctx.input;
    await ctx.tx.insert(LedgerEntry, {
      sagaId: ctx.saga.id,
      orderId,
      accountId,
      bankId: bankTo,
      accountTo,
      amount,
    });
    await this.effects.note(ctx, 'confirm');
  }

  /** Nothing was reserved, so nothing is released. */
  async cancel(ctx: TransactionalContext<Transfer>): Promise<void> {
    await this.effects.note(ctx, 'cancel');
  }
}
