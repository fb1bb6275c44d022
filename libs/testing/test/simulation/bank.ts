import {
  fixed,
  refuse,
  saga,
  type HandlerClass,
  type Refusal,
  type Saga,
  type TransactionalContext,
} from '@tenon/core';
import type { MemoryTx } from '@tenon/testing';

export interface Order {
  readonly id: string;
  readonly account: string;
  readonly bank: string;
  readonly cents: number;
}

interface Account {
  readonly cents: number;
  readonly reserved: number;
}

/** What a handler wrote, as its own row: doubles would show. */
export interface LedgerRow {
  readonly sagaId: string;
  readonly account: string;
  readonly branch: string;
  readonly phase: string;
}

export const OPENING_CENTS = 10_000;
export const CLOSED_BANK = 'QR';

type Context = TransactionalContext<Order>;
const txOf = (ctx: Context): MemoryTx => ctx.tx as unknown as MemoryTx;

/** The transfer saga of design.md in small, with handlers that `strike` may make slow, fail or hang. */
export function bank(strike: (signal: AbortSignal) => Promise<void>): {
  readonly transfer: Saga<Order>;
  readonly handlers: ReadonlyMap<HandlerClass, object>;
} {
  let rows = 0;
  const write = async (ctx: Context, branch: string, phase: string): Promise<void> => {
    const row: LedgerRow = { sagaId: ctx.saga.id, account: ctx.input.account, branch, phase };
    await txOf(ctx).set('ledger', String(++rows), { ...row });
  };
  const change = async (
    ctx: Context,
    to: (account: Account) => Account | null,
  ): Promise<boolean> => {
    let isDone = true;
    await txOf(ctx).update('account', ctx.input.account, (row) => {
      const account = (row ?? { cents: OPENING_CENTS, reserved: 0 }) as unknown as Account;
      const after = to(account);
      isDone = after !== null;
      return { ...(after ?? account) };
    });
    return isDone;
  };

  class Debit {
    async try(ctx: Context): Promise<Refusal | undefined> {
      await strike(ctx.signal);
      const { cents } = ctx.input;
      const isReserved = await change(ctx, (account) =>
        account.cents - account.reserved < cents
          ? null
          : { ...account, reserved: account.reserved + cents },
      );
      if (!isReserved) return refuse('insufficient funds');
      await write(ctx, 'debit', 'try');
      await strike(ctx.signal);
      return undefined;
    }

    async confirm(ctx: Context): Promise<void> {
      const { cents } = ctx.input;
      await change(ctx, (account) => ({
        cents: account.cents - cents,
        reserved: account.reserved - cents,
      }));
      await write(ctx, 'debit', 'confirm');
      await strike(ctx.signal);
    }

    async cancel(ctx: Context): Promise<void> {
      await change(ctx, (account) => ({
        ...account,
        reserved: account.reserved - ctx.input.cents,
      }));
      await write(ctx, 'debit', 'cancel');
      await strike(ctx.signal);
    }
  }

  class Credit {
    async try(ctx: Context): Promise<Refusal | undefined> {
      await strike(ctx.signal);
      if (ctx.input.bank === CLOSED_BANK) return refuse('bank closed');
      await write(ctx, 'credit', 'try');
      return undefined;
    }

    async confirm(ctx: Context): Promise<void> {
      await write(ctx, 'credit', 'confirm');
      await strike(ctx.signal);
    }

    async cancel(ctx: Context): Promise<void> {
      await write(ctx, 'credit', 'cancel');
    }
  }

  const options = { timeoutMs: 300, retry: fixed({ attempts: 100, delayMs: 20 }) };
  const transfer = saga('transfer', {
    version: 1,
    input: { parse: (payload) => payload as Order },
    key: ({ account }) => account,
  })
    .tcc('debit', Debit, options)
    .tcc('credit', Credit, options);
  return {
    transfer,
    handlers: new Map<HandlerClass, object>([
      [Debit, new Debit()],
      [Credit, new Credit()],
    ]),
  };
}

/** What must come of the orders, by arithmetic alone. */
export function oracle(orders: readonly Order[]): {
  readonly fates: readonly string[];
  readonly balances: ReadonlyMap<string, number>;
} {
  const balances = new Map<string, number>();
  const fates = orders.map(({ account, bank: to, cents }) => {
    const balance = balances.get(account) ?? OPENING_CENTS;
    if (balance < cents) return 'compensated: insufficient funds';
    if (to === CLOSED_BANK) return 'compensated: bank closed';
    balances.set(account, balance - cents);
    return 'completed';
  });
  return { fates, balances };
}
