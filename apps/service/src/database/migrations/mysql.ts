import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the payment orders. Ids are compared byte by byte, and money is exact. */
class Transfers1763800000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const [row] = (await queryRunner.query('SELECT version() AS version')) as { version: string }[];
    const isMariadb = row?.version.includes('MariaDB') === true;
    for (const statement of statements(isMariadb)) await queryRunner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only. Restore a backup to go back.');
  }
}

// DDL commits by itself here, so a migration that was cut off is begun again: hence IF NOT EXISTS.
function statements(isMariadb: boolean): readonly string[] {
  // The usual collations hold 'A1', 'a1' and 'A1 ' to be the same; these two do not, each on its own server.
  const bytewise = `CHARACTER SET utf8mb4 COLLATE ${isMariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`;
  return [
    `CREATE TABLE IF NOT EXISTS account (
      id              varchar(64)   ${bytewise} PRIMARY KEY,
      opening_balance decimal(18,2) NOT NULL,
      balance         decimal(18,2) NOT NULL,
      reserved        decimal(18,2) NOT NULL DEFAULT 0,
      CONSTRAINT account_reserved CHECK (reserved >= 0 AND reserved <= balance)
    ) ENGINE = InnoDB`,

    `CREATE TABLE IF NOT EXISTS bank (
      id        varchar(64) ${bytewise} PRIMARY KEY,
      is_closed boolean     NOT NULL DEFAULT false
    ) ENGINE = InnoDB`,

    `CREATE TABLE IF NOT EXISTS payment_order (
      id          varchar(64)   ${bytewise} PRIMARY KEY,
      account_id  varchar(64)   ${bytewise} NOT NULL,
      bank_to     varchar(64)   ${bytewise} NOT NULL,
      account_to  varchar(64)   ${bytewise} NOT NULL,
      amount      decimal(18,2) NOT NULL,
      accepted_at datetime(6)   NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ) ENGINE = InnoDB`,

    // No unique key on saga_id, though there must be one entry per saga: a second one shall be seen, not prevented.
    `CREATE TABLE IF NOT EXISTS ledger_entry (
      id         bigint        AUTO_INCREMENT PRIMARY KEY,
      saga_id    bigint        NOT NULL,
      order_id   varchar(64)   ${bytewise} NOT NULL,
      account_id varchar(64)   ${bytewise} NOT NULL,
      bank_id    varchar(64)   ${bytewise} NOT NULL,
      account_to varchar(64)   ${bytewise} NOT NULL,
      amount     decimal(18,2) NOT NULL,
      at         datetime(6)   NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      CONSTRAINT ledger_entry_amount CHECK (amount > 0)
    ) ENGINE = InnoDB`,

    `CREATE TABLE IF NOT EXISTS effect_ledger (
      id      bigint       AUTO_INCREMENT PRIMARY KEY,
      saga_id bigint       NOT NULL,
      op_key  varchar(190) ${bytewise},
      branch  varchar(100) ${bytewise} NOT NULL,
      phase   varchar(16)  ${bytewise} NOT NULL,
      fence   int          NOT NULL,
      worker  varchar(190) NOT NULL,
      at      datetime(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ) ENGINE = InnoDB`,
  ];
}

export const mysqlMigrations = [Transfers1763800000001];
