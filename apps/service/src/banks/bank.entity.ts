import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A receiving bank. */
@Entity('bank')
export class Bank {
  @PrimaryColumn('varchar', { length: 64 })
  id!: string;

  /** A closed bank takes no money. */
  @Column('boolean', { name: 'is_closed' })
  isClosed!: boolean;
}
