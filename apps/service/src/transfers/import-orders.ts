import { Injectable } from '@nestjs/common';
import { orderLines, type OrderLine } from '../files/order-file';
import { RefusedLines, type RefusedLine } from '../http/refused-lines';
import { Shutdown } from '../http/shutdown';
import { ORDERS_PER_COMMIT, PaymentOrders, type BatchAcceptance } from './payment-orders';
import type { Transfer } from './transfer';

export interface OrderImport {
  readonly accepted: number;
  readonly refused: readonly RefusedLine[];
  readonly refusedCount: number;
}

/** The import ended before the file did. What was accepted before stands; the file may be sent again. */
export class ImportCutShort extends Error {
  constructor(
    readonly accepted: number,
    cause: unknown,
  ) {
    super('The import was cut short.', { cause });
  }
}

/**
 * Accepts the orders of a file, however long it is, in the order of its lines: a batch is read, and written in one
 * transaction, before the next one is read. So whatever breaks, a beginning of the file is accepted, and the file may be
 * sent again.
 */
@Injectable()
export class ImportOrders {
  constructor(
    private readonly orders: PaymentOrders,
    private readonly shutdown: Shutdown,
  ) {}

  /** @throws InputFileError when it is no file of orders; ImportCutShort when the database or the process goes away */
  async import(file: AsyncIterable<Buffer>): Promise<OrderImport> {
    const refused = new RefusedLines();
    let accepted = 0;
    for await (const lines of inBatches(orderLines(file), ORDERS_PER_COMMIT)) {
      try {
        this.shutdown.signal.throwIfAborted();
        accepted += await this.acceptBatch(lines, refused);
      } catch (error) {
        throw new ImportCutShort(accepted, error);
      }
    }
    return { accepted, ...refused.answer };
  }

  private async acceptBatch(lines: readonly OrderLine[], refused: RefusedLines): Promise<number> {
    const orders = new Map<string, Transfer>();
    for (const row of lines) {
      if ('order' in row && !orders.has(row.order.orderId))
        orders.set(row.order.orderId, row.order);
    }
    const { accepted, keyUsed } =
      orders.size === 0 ? NONE : await this.orders.accept([...orders.values()]);
    for (const row of lines) {
      if ('fault' in row) {
        refused.add(row.line, row.fault);
        continue;
      }
      const { orderId } = row.order;
      if (keyUsed.has(orderId))
        refused.add(
          row.line,
          `the number ${orderId} was used as the Idempotency-Key of another order`,
        );
      else if (!accepted.has(orderId) || orders.get(orderId) !== row.order)
        refused.add(row.line, `the order ${orderId} was accepted before`);
    }
    return accepted.size;
  }
}

const NONE: BatchAcceptance = { accepted: new Set(), keyUsed: new Set() };

async function* inBatches<Item>(
  items: AsyncIterable<Item>,
  size: number,
): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
