import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenonModule } from '@tenon/engine';
import { Order, StockItem } from './orders.entities';
import { OrdersService } from './orders.service';
import { ReserveStock, SendMail } from './place-order.handlers';
import { placeOrder } from './place-order.saga';

@Module({
  imports: [
    TypeOrmModule.forFeature([Order, StockItem]),
    TenonModule.forFeature({ sagas: [placeOrder] }),
  ],
  providers: [OrdersService, ReserveStock, SendMail],
  exports: [OrdersService],
})
export class OrdersModule {}
