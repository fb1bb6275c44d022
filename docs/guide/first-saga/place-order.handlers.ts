import { Injectable, Logger } from '@nestjs/common';
import {
  refuse,
  type ExternalActionHandler,
  type ExternalContext,
  type Refusal,
  type TccHandler,
  type TransactionalContext,
} from '@tenon/core';
import { StockItem } from './orders.entities';
import type { PlaceOrder } from './place-order';

/** What `try` answers. The steps behind it read it as `ctx.results.stock`. */
export interface Reservation {
  readonly warehouse: string;
}

@Injectable()
export class ReserveStock implements TccHandler<PlaceOrder, Reservation> {
  /** Reserves, if there is enough. The condition is part of the update, so no two orders get the same piece. */
  async try(ctx: TransactionalContext<PlaceOrder>): Promise<Reservation | Refusal> {
    const { sku, quantity } = ctx.input;
    const { affected } = await ctx.tx
      .createQueryBuilder()
      .update(StockItem)
      .set({
        available: () => 'available - :quantity',
        reserved: () => 'reserved + :quantity',
      })
      .where('sku = :sku AND available >= :quantity', { sku, quantity })
      .execute();
    if (affected === 0) return refuse('out of stock');
    const { warehouse } = await ctx.tx.findOneByOrFail(StockItem, { sku });
    return { warehouse };
  }

  /** Books: what was reserved leaves the stock. */
  async confirm(ctx: TransactionalContext<PlaceOrder>): Promise<void> {
    const { sku, quantity } = ctx.input;
    await ctx.tx.decrement(StockItem, { sku }, 'reserved', quantity);
  }

  /** Releases. Called only if something was reserved. */
  async cancel(ctx: TransactionalContext<PlaceOrder>): Promise<void> {
    const { sku, quantity } = ctx.input;
    await ctx.tx.decrement(StockItem, { sku }, 'reserved', quantity);
    await ctx.tx.increment(StockItem, { sku }, 'available', quantity);
  }
}

@Injectable()
export class SendMail implements ExternalActionHandler<PlaceOrder, void, { stock: Reservation }> {
  private readonly logger = new Logger(SendMail.name);

  /** May be called again after a crash, with the same key: give it to the mail service, which then sends one mail. */
  async action(ctx: ExternalContext<PlaceOrder, { stock: Reservation }>): Promise<void> {
    const { orderId, quantity, sku } = ctx.input;
    const text = `order ${orderId}: ${quantity} x ${sku} from ${ctx.results.stock.warehouse}`;
    this.logger.log(`mail "${text}" (idempotency key ${ctx.idempotencyKey})`);
  }
}
