import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A paying account. What it may spend is `balance - reserved`. Money is decimal text, as the databases give it. */
@Entity('account')
export class Account {
  @PrimaryColumn('varchar', { length: 64 })
  id!: string;

  @Column('decimal', { name: 'opening_balance', precision: 18, scale: 2 })
  openingBalance!: string;

  @Column('decimal', { precision: 18, scale: 2 })
  balance!: string;

  /** Promised to transfers that are under way. */
  @Column('decimal', { precision: 18, scale: 2 })
  reserved!: string;
}
