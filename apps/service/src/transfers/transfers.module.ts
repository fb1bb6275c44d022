import { TenonModule } from '@tenon/engine';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module';
import { BanksModule } from '../banks/banks.module';
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
    TypeOrmModule.forFeature([PaymentOrder, LedgerEntry, Effect]),
    TenonModule.forFeature({ sagas: [transfer] }),
    AccountsModule,
    BanksModule,
  ],
  providers: [DebitAccount, CreditBank, EffectLedger, PaymentOrders],
  exports: [PaymentOrders, AccountsModule, BanksModule],
})
export class TransfersModule {}
