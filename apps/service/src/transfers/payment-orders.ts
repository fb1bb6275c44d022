import { KEY_BYTES_MAX, utf8Bytes } from '@tenon/core';
import { TenonClient } from '@tenon/engine';
import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, Repository } from 'typeorm';
import { Banks } from '../banks/banks';
import { retried } from '../database/retried';
import { PaymentOrder } from './payment-order.entity';
import type { Transfer } from './transfer';
import { transfer } from './transfer.saga';

/** Orders that are accepted in one transaction. */
export const ORDERS_PER_COMMIT = 250;

/**
 * What became of an order that was handed in:
 * - `accepted`: now, as the transfer with this id
 * - `known`: the same order was accepted before, under the same key, as this transfer
 * - otherwise why it cannot be taken, and the transfer that is in its way
 */
export type Acceptance =
  | { readonly kind: 'accepted' | 'known'; readonly id: string }
  | { readonly kind: 'key used' | 'order known'; readonly id: string | null };

/** What became of a batch, by the orders' numbers. What is in neither part was accepted before. */
export interface BatchAcceptance {
  readonly accepted: ReadonlySet<string>;
  /** The number was used as the idempotency key of another order. */
  readonly keyUsed: ReadonlySet<string>;
}

/** The business side: takes payment orders, and owes each one a transfer. */
@Injectable()
export class PaymentOrders {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(PaymentOrder) private readonly orders: Repository<PaymentOrder>,
    private readonly banks: Banks,
    private readonly tenon: TenonClient,
  ) {}

  /**
   * Accepts orders: their rows and their sagas' markers are in one transaction. An order whose number is known already is
   * not taken a second time.
   */
  async accept(transfers: readonly Transfer[]): Promise<BatchAcceptance> {
    await this.banks.meet(transfers.map((order) => order.bankTo));
    const { accepted, duplicates } = await retried(() =>
      this.dataSource.transaction(async (tx) => {
        const orders = tx.withRepository(this.orders);
        const known = await knownAmong(orders, transfers);
        const unknown = transfers.filter((order) => !known.has(order.orderId));
        const started = await this.tenon.startMany(tx, transfer, unknown, (order) => ({
          idempotencyKey: order.orderId,
        }));
        const fresh = unknown.filter((_, place) => started[place]?.isDuplicate === false);
        if (fresh.length > 0) await orders.insert(fresh.map(rowOf));
        const ids = new Set(fresh.map((order) => order.orderId));
        return { accepted: ids, duplicates: unknown.filter((order) => !ids.has(order.orderId)) };
      }),
    );
    // Somebody else has accepted them in the meantime, or has used their numbers as keys of other orders.
    const there =
      duplicates.length === 0 ? new Set<string>() : await knownAmong(this.orders, duplicates);
    const foreign = duplicates.map((order) => order.orderId).filter((id) => !there.has(id));
    return { accepted, keyUsed: new Set(foreign) };
  }

  /** Accepts one order under the client's own key, once: handed in again it is answered with the transfer that it is. */
  async acceptOnce(order: Transfer, idempotencyKey: string): Promise<Acceptance> {
    await this.banks.meet([order.bankTo]);
    return retried(() =>
      this.dataSource.transaction(async (tx): Promise<Acceptance> => {
        const orders = tx.withRepository(this.orders);
        const isKnown = await orders.existsBy({ id: order.orderId });
        const { id, isDuplicate } = await this.tenon.start(tx, transfer, order, { idempotencyKey });
        if (isDuplicate) return this.earlier(id, order);
        // The marker goes with the transaction, which writes nothing.
        if (isKnown) throw new OrderKnown();
        await orders.insert(rowOf(order));
        return { kind: 'accepted', id };
      }),
    ).catch((error: unknown): Acceptance => {
      if (error instanceof OrderKnown) return { kind: 'order known', id: null };
      throw error;
    });
  }

  private async earlier(id: string, order: Transfer): Promise<Acceptance> {
    const report = await this.tenon.find(id);
    const isSame = report !== null && isSameOrder(report.payload, order);
    return { kind: isSame ? 'known' : 'key used', id };
  }
}

/** Why `key` is no idempotency key, in words; null when it is one. */
export function keyFault(key: string): string | null {
  if (key.length === 0 || key.includes('\0')) return 'the Idempotency-Key is empty';
  const bytes = utf8Bytes(key);
  return bytes > KEY_BYTES_MAX
    ? `the Idempotency-Key has ${bytes} bytes; ${KEY_BYTES_MAX} are the limit`
    : null;
}

async function knownAmong(
  orders: Repository<PaymentOrder>,
  transfers: readonly Transfer[],
): Promise<ReadonlySet<string>> {
  const ids = transfers.map((order) => order.orderId);
  return new Set((await orders.findBy({ id: In(ids) })).map((order) => order.id));
}

/** Rolls the transaction back: the order's number was taken under another key. */
class OrderKnown extends Error {}

function rowOf({ orderId, ...order }: Transfer) {
  return { id: orderId, ...order };
}

function isSameOrder(payload: unknown, order: Transfer): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  const earlier = new Map(Object.entries(payload));
  return Object.entries(order).every(([name, value]) => earlier.get(name) === value);
}
