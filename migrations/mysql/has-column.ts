import type { QueryRunner } from 'typeorm';

/**
 * These servers commit every ALTER TABLE by itself: a migration that died half-way is run again, and looks first whether
 * it has got as far as this.
 */
export async function hasColumn(
  runner: QueryRunner,
  table: string,
  column: string,
): Promise<boolean> {
  const rows = (await runner.query(
    `SELECT 1 FROM information_schema.columns
     WHERE table_schema = database() AND table_name = ? AND column_name = ?`,
    [table, column],
  )) as readonly unknown[];
  return rows.length > 0;
}
