import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('orders')
export class Order {
  @PrimaryColumn('varchar', { length: 64 })
  id!: string;

  @Column('varchar', { length: 64 })
  sku!: string;

  @Column('integer')
  quantity!: number;
}

/** An article in stock: what can be sold, and what is promised to orders that are under way. */
@Entity('stock_item')
export class StockItem {
  @PrimaryColumn('varchar', { length: 64 })
  sku!: string;

  @Column('varchar', { length: 64 })
  warehouse!: string;

  @Column('integer')
  available!: number;

  @Column('integer', { default: 0 })
  reserved!: number;
}
