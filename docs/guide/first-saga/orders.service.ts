import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { TenonClient } from '@tenon/engine';
import { DataSource, Repository } from 'typeorm';
import { Order } from './orders.entities';
import type { PlaceOrder } from './place-order';
import { placeOrder } from './place-order.saga';

@Injectable()
export class OrdersService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly tenon: TenonClient,
  ) {}

  /** Writes the order and starts its saga: both or neither. The same number again is the same saga, and writes nothing. */
  async place(order: PlaceOrder): Promise<string> {
    const { orderId, sku, quantity } = order;
    return this.dataSource.transaction(async (tx) => {
      const saga = await this.tenon.start(tx, placeOrder, order, { idempotencyKey: orderId });
      if (!saga.isDuplicate)
        await tx.withRepository(this.orders).insert({ id: orderId, sku, quantity });
      return saga.id;
    });
  }
}
