import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The keys that have parked markers, for the repair that looks whether one of them is free. */
export class TenonParkedKeys1763850000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // 10,000 markers of one key are one jump. Nothing is written to it for markers that are never parked.
    await queryRunner.query(
      `CREATE INDEX op_log_parked ON op_log (op_key) WHERE status = 'parked' AND op_key IS NOT NULL`,
    );
    await queryRunner.query('INSERT INTO tenon_schema (version) VALUES (2)');
  }

  async down(): Promise<void> {
    throw new Error("Tenon's migrations go forward only. Restore a backup to go back.");
  }
}
