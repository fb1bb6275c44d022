// Goal: the first saga of the README does what its text says.
// Method: boot the guide's module on a real PostgreSQL with BullMQ on the same, place orders, wait for their sagas' ends,
// look at the stock. And run the guide's main.ts as it is, in a process of its own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { bullmqDispatcher } from '@tenon/dispatch';
import { TenonClient, TenonModule } from '@tenon/engine';
import { postgresStore } from '@tenon/store';
import { DataSource } from 'typeorm';
import { Order, StockItem } from '../../docs/guide/first-saga/orders.entities';
import { OrdersModule } from '../../docs/guide/first-saga/orders.module';
import { OrdersService } from '../../docs/guide/first-saga/orders.service';
import { describeIf, testDatabase, type TestDatabase } from '../servers';
import { sagaEnd } from './saga-end';

const root = join(__dirname, '..', '..');

describeIf('postgres18', 'the first saga', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let orders: OrdersService;
  let tenon: TenonClient;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase('postgres18');
    const { url } = database;
    const testing = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url, autoLoadEntities: true, synchronize: true }),
        TenonModule.forRootAsync({
          inject: [DataSource],
          useFactory: (source: DataSource) => ({
            store: postgresStore({ dataSource: source }),
            dispatcher: bullmqDispatcher({ postgres: { url } }),
          }),
        }),
        OrdersModule,
      ],
    }).compile();
    app = await testing.init();
    orders = app.get(OrdersService);
    tenon = app.get(TenonClient);
    dataSource = app.get(DataSource);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  async function stockUp(sku: string, available: number): Promise<void> {
    await dataSource.manager.save(StockItem, { sku, warehouse: 'Lyon', available, reserved: 0 });
  }

  function stockOf(sku: string): Promise<StockItem> {
    return dataSource.manager.findOneByOrFail(StockItem, { sku });
  }

  it('books the stock and sends the mail', async () => {
    await stockUp('tea', 10);
    const id = await orders.place({ orderId: 'tea-1', sku: 'tea', quantity: 3 });

    const report = await sagaEnd(tenon, id);

    expect(report).toMatchObject({ state: 'completed', key: 'tea', reason: null });
    expect(await stockOf('tea')).toMatchObject({ available: 7, reserved: 0 });
    const calls = report.history.filter((row) => row.outcome === 'succeeded');
    expect(calls.map(({ step, phase }) => [step, phase])).toEqual([
      ['stock', 'try'],
      ['stock', 'confirm'],
      ['mail', 'action'],
    ]);
  });

  it('is compensated with the reason when there is not enough', async () => {
    await stockUp('rice', 1);
    const id = await orders.place({ orderId: 'rice-1', sku: 'rice', quantity: 2 });

    expect(await sagaEnd(tenon, id)).toMatchObject({
      state: 'compensated',
      reason: 'out of stock',
    });
    expect(await stockOf('rice')).toMatchObject({ available: 1, reserved: 0 });
  });

  it('places the same order once', async () => {
    await stockUp('salt', 5);
    const order = { orderId: 'salt-1', sku: 'salt', quantity: 5 };

    const ids = [await orders.place(order), await orders.place(order)];

    expect(ids[0]).toBe(ids[1]);
    await sagaEnd(tenon, ids[0]!);
    expect(await stockOf('salt')).toMatchObject({ available: 0, reserved: 0 });
  });

  it('leaves no order behind when the input is not valid', async () => {
    await expect(orders.place({ orderId: 'no', sku: 'tea', quantity: -1 })).rejects.toMatchObject({
      code: 'TENON_INVALID_INPUT',
    });
    expect(await dataSource.manager.existsBy(Order, { id: 'no' })).toBe(false);
  });
});

describeIf('postgres18', "the guide's main.ts", () => {
  it('places an order and tells how its saga ended', async () => {
    const database = await testDatabase('postgres18');
    try {
      const main = join('docs', 'guide', 'first-saga', 'main.ts');
      const env = { ...process.env, DATABASE_URL: database.url, REDIS_URL: undefined };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['-r', './tooling/register.cjs', main],
        { cwd: root, env, timeout: 30_000 },
      );
      expect(stdout).toMatch(/^The saga \d+ is completed: all went well\.$/m);
      expect(stdout).toMatch(/mail "order 1: 2 x tea from Lyon"/);
    } finally {
      await database.drop();
    }
  });
});
