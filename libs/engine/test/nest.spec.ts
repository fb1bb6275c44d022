// Goal: in a Nest application Tenon needs its module, the sagas and their handlers as providers, and nothing more.
// Method: small applications with TypeORM's module and ambient transactions, on a real server.
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { ClsPluginTransactional, Transactional, TransactionHost } from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { saga, UsageError, type TransactionalContext } from '@tenon/core';
import { Engine, TenonClient, TenonModule } from '@tenon/engine';
import { inProcessDispatcher } from '@tenon/testing';
import { ClsModule } from 'nestjs-cls';
import type { DataSource } from 'typeorm';

import { describeIf } from '../../../test/servers';
import { openBed, type Bed } from './bed';
import { storeOn } from './connect';
import { effect, work, type Work } from './handlers';

@Injectable()
class Clerk {
  readonly name = 'clerk';
}

@Injectable()
class Book {
  constructor(private readonly clerk: Clerk) {}

  async action(ctx: TransactionalContext<Work>): Promise<string> {
    await effect(ctx, `action by ${this.clerk.name} of`);
    return this.clerk.name;
  }
}

@Injectable()
class Nobody {
  action(): Promise<void> {
    return Promise.resolve();
  }
}

const booking = saga('booking', { version: 1, input: work }).step('book', Book);
const orphaned = saga('orphaned', { version: 1, input: work }).step('one', Nobody);

@Module({ imports: [TenonModule.forFeature({ sagas: [booking] })], providers: [Clerk, Book] })
class BookingModule {}

@Injectable()
class Orders {
  constructor(
    private readonly tenon: TenonClient,
    private readonly txHost: TransactionHost<TransactionalAdapterTypeOrm>,
  ) {}

  @Transactional()
  async place(isGood: boolean): Promise<string> {
    const { id } = await this.tenon.start(this.txHost.tx, booking, {});
    if (!isGood) throw new Error('no such article');
    return id;
  }

  placeOutside(): Promise<unknown> {
    return this.tenon.start(this.txHost.tx, booking, {});
  }
}

describeIf('postgres18', 'a Nest application', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed('postgres18');
  });
  afterEach(() => bed.clear());
  afterAll(() => bed.close());

  const application = (feature: object) => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: bed.url }),
        // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- as its documentation has it
        ClsModule.forRoot({
          plugins: [
            new ClsPluginTransactional({
              imports: [TypeOrmModule],
              adapter: new TransactionalAdapterTypeOrm({ dataSourceToken: getDataSourceToken() }),
            }),
          ],
        }),
        TenonModule.forRootAsync({
          inject: [getDataSourceToken()],
          useFactory: (dataSource: DataSource) => ({
            store: storeOn(dataSource),
            dispatcher: inProcessDispatcher(),
          }),
        }),
        feature as typeof BookingModule,
      ],
      providers: [Orders],
    })
    class Application {}
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class, and takes them as an object
    return NestFactory.createApplicationContext(Application, {
      logger: false,
      abortOnError: false,
    });
  };

  it('runs the sagas of its modules with their providers, out of ambient transactions', async () => {
    const app = await application(BookingModule);
    const [orders, engine] = [app.get(Orders), app.get(Engine)];
    const id = await orders.place(true);
    const report = await bed.reaches(engine, id, 'completed');
    expect(report.history.at(-1)).toMatchObject({ step: 'book', result: 'clerk' });
    await expect(orders.place(false)).rejects.toThrow('no such article');
    await expect(orders.placeOutside()).rejects.toMatchObject({ code: 'TENON_NOT_IN_TRANSACTION' });
    expect(await bed.count('op_log')).toBe(1);
    await app.close();
    expect(await bed.count('worker_session WHERE ended_at IS NULL')).toBe(0);
    expect(await bed.count('worker_session WHERE has_lapsed')).toBe(0);
  });

  it('does not start when a step has no provider, and is told which and what to do', async () => {
    @Module({
      imports: [
        TenonModule.forFeature({ sagas: [orphaned] }),
        TenonModule.forFeature({ sagas: [booking] }),
      ],
    })
    class Incomplete {}
    const error = await application(Incomplete).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'TENON_UNKNOWN_HANDLER' });
    for (const part of ['"orphaned", step "one"', 'Add Nobody to the providers', 'Book'])
      expect(String(error)).toContain(part);
  });
});
