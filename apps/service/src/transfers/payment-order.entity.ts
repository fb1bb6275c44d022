import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A payment order as it was accepted: the business row, written in one transaction with the marker of its saga, whose
 * idempotency key is the order's number.
 */
@Entity('payment_order')
export class PaymentOrder {
  @PrimaryColumn('varchar', { length: 64 })
  id!: string;

  @Column('varchar', { name: 'account_id', length: 64 })
  accountId!: string;

  @Column('varchar', { name: 'bank_to', length: 64 })
  bankTo!: string;

  @Column('varchar', { name: 'account_to', length: 64 })
  accountTo!: string;

  @Column('decimal', { precision: 18, scale: 2 })
  amount!: string;
}
