import { saga } from '@tenon/core';
import { CreditBank } from './credit-bank.handler';
import { DebitAccount } from './debit-account.handler';
import { Transfer } from './transfer';

/**
 * A payment order: money is reserved on the paying account, the receiving bank agrees, and then both book it, or the
 * reservation is released. Orders of one account run one after another.
 */
export const transfer = saga('transfer', { version: 1, input: Transfer, key: (t) => t.accountId })
  .tcc('debit', DebitAccount)
  .tcc('credit', CreditBank);
