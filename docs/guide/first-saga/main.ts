import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { bullmqDispatcher } from '@tenon/dispatch';
import { TenonClient, TenonModule } from '@tenon/engine';
import { postgresStore } from '@tenon/store';
import { DataSource } from 'typeorm';
import { StockItem } from './orders.entities';
import { OrdersModule } from './orders.module';
import { OrdersService } from './orders.service';

const { DATABASE_URL, REDIS_URL } = process.env;
if (!DATABASE_URL) throw new Error('Set DATABASE_URL to a PostgreSQL database for this example.');

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: DATABASE_URL,
      autoLoadEntities: true,
      synchronize: true,
    }),
    TenonModule.forRootAsync({
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => ({
        store: postgresStore({ dataSource }),
        dispatcher: bullmqDispatcher(
          REDIS_URL ? { redis: { url: REDIS_URL } } : { postgres: { url: DATABASE_URL } },
        ),
      }),
    }),
    OrdersModule,
  ],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule);
  await app
    .get(DataSource)
    .manager.save(StockItem, { sku: 'tea', warehouse: 'Lyon', available: 10 });

  const id = await app.get(OrdersService).place({ orderId: '1', sku: 'tea', quantity: 2 });
  let report = await app.get(TenonClient).find(id);
  while (!report?.finishedAt && report?.state !== 'paused') {
    await pause(20);
    report = await app.get(TenonClient).find(id);
  }
  console.log(`The saga ${id} is ${report.state}: ${report.reason ?? 'all went well'}.`);
  await app.close();
}

void main();
