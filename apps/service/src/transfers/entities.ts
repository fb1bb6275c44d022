import { Account } from '../accounts/account.entity';
import { Bank } from '../banks/bank.entity';
import { Effect } from './effect.entity';
import { LedgerEntry } from './ledger-entry.entity';
import { PaymentOrder } from './payment-order.entity';

/** The tables of the payment orders. */
export const TRANSFER_ENTITIES = [Account, Bank, PaymentOrder, LedgerEntry, Effect] as const;
