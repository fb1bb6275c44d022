import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Money that a bank has received. Entries are only ever appended. */
@Entity('ledger_entry')
export class LedgerEntry {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column('bigint', { name: 'saga_id' })
  sagaId!: string;

  @Column('varchar', { name: 'order_id', length: 64 })
  orderId!: string;

  /** Who paid. */
  @Column('varchar', { name: 'account_id', length: 64 })
  accountId!: string;

  @Column('varchar', { name: 'bank_id', length: 64 })
  bankId!: string;

  @Column('varchar', { name: 'account_to', length: 64 })
  accountTo!: string;

  @Column('decimal', { precision: 18, scale: 2 })
  amount!: string;
}
