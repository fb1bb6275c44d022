import type { QueryRunner } from 'typeorm';

const MARK = 'Tenon';

/**
 * Makes those of `tables` (columns by name) that are not there yet. These servers commit every CREATE TABLE by itself, so
 * a migration that dies half-way leaves some behind. Each therefore carries a comment by which the next run knows it for
 * its own work and goes on; a table of that name that someone else made is refused.
 */
export async function makeTables(
  queryRunner: QueryRunner,
  tables: Readonly<Record<string, string>>,
): Promise<void> {
  await refuseForeignTables(queryRunner, Object.keys(tables));
  const collation = await binaryCollation(queryRunner);
  for (const [table, columns] of Object.entries(tables)) {
    await queryRunner.query(
      `CREATE TABLE IF NOT EXISTS ${table} (${columns}) ENGINE = InnoDB ` +
        `DEFAULT CHARACTER SET utf8mb4 COLLATE ${collation} COMMENT '${MARK}'`,
    );
  }
}

/**
 * Keys are compared byte by byte: `Abc`, `abc`, `Abc ` and `Ábc` are four keys. The usual collations take some of them for
 * one, and utf8mb4_bin, which both servers have, pays no heed to trailing spaces. The collation that does has a name of
 * its own on either server. (VARBINARY would serve both, but shows people hexadecimal, and takes a client's bytes as they
 * are, so that one key written through two client character sets becomes two.)
 */
async function binaryCollation(queryRunner: QueryRunner): Promise<string> {
  const rows = (await queryRunner.query('SELECT version() AS version')) as readonly {
    readonly version: string;
  }[];
  return rows[0]?.version.includes('MariaDB') === true ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
}

async function refuseForeignTables(
  queryRunner: QueryRunner,
  names: readonly string[],
): Promise<void> {
  const foreign = (await queryRunner.query(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = database() AND table_name IN (?) AND table_comment <> ?`,
    [names, MARK],
  )) as readonly { readonly name: string }[];
  if (foreign.length === 0) return;
  throw new Error(
    `This database has tables that Tenon needs and did not make: ${foreign.map((table) => table.name).join(', ')}. ` +
      'Give Tenon a database in which these names are free.',
  );
}
