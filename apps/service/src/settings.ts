import { DatabaseUrl, SettingError } from './database/database-url';
import type { Place } from './place';

/** The service's settings, from its environment. */
export function settingsOf(env: NodeJS.ProcessEnv): Place {
  const database = databaseOf(env);
  const { REDIS_URL } = env;
  if (REDIS_URL !== undefined && REDIS_URL !== '') {
    return { database, queue: { kind: 'redis', url: REDIS_URL, prefix: 'tenon' } };
  }
  if (database.family === 'postgres') return { database, queue: { kind: 'postgres' } };
  throw new SettingError(
    'REDIS_URL is not set. On MariaDB and MySQL the queue needs Redis: REDIS_URL=redis://host:6379.',
  );
}

/** The service's database, from its environment: all that a command needs which starts no engine. */
export function databaseOf({ DATABASE_URL }: NodeJS.ProcessEnv): DatabaseUrl {
  if (DATABASE_URL === undefined || DATABASE_URL === '') {
    throw new SettingError(
      'DATABASE_URL is not set. Name the database, like DATABASE_URL=postgres://user:password@host:5432/name; ' +
        '`npm run demo` needs none.',
    );
  }
  const database = DatabaseUrl.parse(DATABASE_URL, 'DATABASE_URL');
  if (database.database === null) {
    throw new SettingError(
      `DATABASE_URL names no database, only the server ${database.shown}. Add /name to it.`,
    );
  }
  return database;
}
