import { TenonModule } from '@tenon/engine';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Account } from './account.entity';
import { Bank } from './bank.entity';
import { Books } from './books';
import { CreditBank } from './credit-bank.handler';
import { DebitAccount } from './debit-account.handler';
import { Effect } from './effect.entity';
import { EffectLedger } from './effect-ledger';
import { LedgerEntry } from './ledger-entry.entity';
import { PaymentOrder } from './payment-order.entity';
import { PaymentOrders } from './payment-orders';
import { transfer } from './transfer.saga';

/** Payment orders: the worked example. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Account, Bank, PaymentOrder, LedgerEntry, Effect]),
    TenonModule.forFeature({ sagas: [transfer] }),
  ],
  providers: [DebitAccount, CreditBank, EffectLedger, PaymentOrders, Books],
  exports: [PaymentOrders, Books],
})
export class TransfersModule {}
