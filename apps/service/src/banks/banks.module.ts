import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Bank } from './bank.entity';
import { Banks } from './banks';

@Module({
  imports: [TypeOrmModule.forFeature([Bank])],
  providers: [Banks],
  exports: [Banks],
})
export class BanksModule {}
