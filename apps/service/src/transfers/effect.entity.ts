import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/**
 * One row per handler call that took effect, in that call's transaction. It has no unique key on purpose: an effect that
 * happened twice shall be seen, not prevented.
 */
@Entity('effect_ledger')
export class Effect {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column('bigint', { name: 'saga_id' })
  sagaId!: string;

  @Column('varchar', { name: 'op_key', length: 190, nullable: true })
  opKey!: string | null;

  @Column('varchar', { length: 100 })
  branch!: string;

  @Column('varchar', { length: 16 })
  phase!: string;

  @Column('int')
  fence!: number;

  @Column('varchar', { length: 190 })
  worker!: string;
}
