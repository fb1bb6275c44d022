import { DataSource } from 'typeorm';
import { connectionOptions } from './data-source';
import { SettingError, type DatabaseUrl } from './database-url';
import { openDatabase } from './open-database';

/** Makes the database `name` on `server` if there is none. True when it was made. `name` is a plain word of ours. */
export async function makeDatabase(
  server: DatabaseUrl,
  name: string,
  say: (message: string) => void,
): Promise<boolean> {
  const dataSource = await openDatabase(new DataSource(connectionOptions(server)), server, say);
  try {
    const exists =
      server.family === 'postgres'
        ? 'SELECT count(*) AS n FROM pg_database WHERE datname = $1'
        : 'SELECT count(*) AS n FROM information_schema.schemata WHERE schema_name = ?';
    const [row] = await dataSource.query<{ n: unknown }[]>(exists, [name]);
    if (Number(row?.n) > 0) return false;
    await dataSource.query(`CREATE DATABASE ${name}`);
    return true;
  } catch (error) {
    throw new SettingError(
      `The database ${name} cannot be made on ${server.shown}: ${error instanceof Error ? error.message : String(error)}. ` +
        'Let the user make databases, or name one in the URL.',
      { cause: error },
    );
  } finally {
    await dataSource.destroy();
  }
}
