import { TenonClient } from '@tenon/engine';
import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, Repository } from 'typeorm';
import { PaymentOrder } from './payment-order.entity';
import type { Transfer } from './transfer';
import { transfer } from './transfer.saga';

/** The business side: takes payment orders, and owes each one a transfer. */
@Injectable()
export class PaymentOrders {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(PaymentOrder) private readonly orders: Repository<PaymentOrder>,
    private readonly tenon: TenonClient,
  ) {}

  /**
   * Accepts orders, all or none: their rows and their sagas' markers are in one transaction. An order whose number is
   * known already is not taken a second time. Answers how many were new.
   */
  async accept(transfers: readonly Transfer[]): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const orders = tx.withRepository(this.orders);
      const ids = transfers.map((order) => order.orderId);
      const known = new Set((await orders.findBy({ id: In(ids) })).map((order) => order.id));
      const fresh = transfers.filter((order) => !known.has(order.orderId));
      if (fresh.length === 0) return 0;
      await orders.insert(fresh.map(({ orderId, ...order }) => ({ id: orderId, ...order })));
      await this.tenon.startMany(tx, transfer, fresh, (order) => ({
        idempotencyKey: order.orderId,
      }));
      return fresh.length;
    });
  }
}
