import { SchemaError } from '@tenon/core';
import type { MigrationClass } from '@tenon/migrations';
import type { DataSource, QueryRunner } from 'typeorm';

/** What a dialect adds to the running of migrations. */
export interface Schema {
  /** Oldest first; the number of them is the version that this program needs. */
  readonly migrations: readonly MigrationClass[];
  /** The version that the database has: the highest in `tenon_schema`, 0 where there is no such table. */
  readVersion(runner: QueryRunner): Promise<number>;
  /** Does `work` while no other process does, having waited a bounded time for its turn. */
  underLock(runner: QueryRunner, work: () => Promise<void>): Promise<void>;
}

/** Runs the migrations that the database lacks. Each notes its own number in `tenon_schema`. */
export async function migrateSchema(dataSource: DataSource, schema: Schema): Promise<void> {
  await withRunner(dataSource, (runner) =>
    schema.underLock(runner, async () => {
      const version = await schema.readVersion(runner);
      refuseNewer(version, schema.migrations.length);
      for (const Migration of schema.migrations.slice(version)) await new Migration().up(runner);
    }),
  );
}

/** @throws SchemaError unless the database has just the version that this program needs */
export async function checkSchema(dataSource: DataSource, schema: Schema): Promise<void> {
  const version = await withRunner(dataSource, (runner) => schema.readVersion(runner));
  const needed = schema.migrations.length;
  refuseNewer(version, needed);
  if (version === needed) return;
  const found = version === 0 ? 'no Tenon tables' : `Tenon's tables in version ${version}`;
  throw new SchemaError(
    'TENON_SCHEMA_MISSING',
    `The database has ${found}; this program needs version ${needed}. Let Tenon migrate at start, run ` +
      '`npm run migrate`, or add the migrations of @tenon/migrations to your DataSource.',
  );
}

function refuseNewer(version: number, needed: number): void {
  if (version <= needed) return;
  throw new SchemaError(
    'TENON_SCHEMA_NEWER',
    `The database has Tenon's tables in version ${version}, which is newer than the ${needed} that this program ` +
      'knows. Update the program; it changes nothing until then.',
  );
}

async function withRunner<Answer>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<Answer>,
): Promise<Answer> {
  const runner = dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
