import type { MigrationInterface, QueryRunner } from 'typeorm';
import { hasColumn } from './has-column';

/**
 * The keys that have parked markers, for the repair that looks whether one of them is free. The virtual column stands for
 * PostgreSQL's partial index: it is null for markers that are not parked, so 10,000 markers of one key are one jump.
 */
export class TenonParkedKeys1763850000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    if (!(await hasColumn(queryRunner, 'op_log', 'parked_key'))) {
      await queryRunner.query(
        `ALTER TABLE op_log
          ADD COLUMN parked_key varchar(190) AS (CASE WHEN status = 'parked' THEN op_key END) VIRTUAL,
          ADD KEY op_log_parked (parked_key)`,
      );
    }
    await queryRunner.query(
      'INSERT INTO tenon_schema (version) VALUES (2) ON DUPLICATE KEY UPDATE version = 2',
    );
  }

  async down(): Promise<void> {
    throw new Error("Tenon's migrations go forward only. Restore a backup to go back.");
  }
}
