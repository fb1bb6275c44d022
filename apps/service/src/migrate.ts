import 'reflect-metadata';
import { runCommand } from './command';
import { serviceDataSource } from './database/data-source';
import { SettingError } from './database/database-url';
import { migrateAll } from './database/migrate-all';
import { openDatabase } from './database/open-database';
import { settingsOf } from './settings';

/** `npm run migrate`: brings the database of DATABASE_URL up to date. */
runCommand(async () => {
  const { database } = settingsOf(process.env);
  if (database === null) {
    throw new SettingError(
      'DATABASE_URL is not set. Name the database, like DATABASE_URL=postgres://user:password@host:5432/name; ' +
        'one that the service starts itself is brought up to date by it.',
    );
  }
  const dataSource = await openDatabase(serviceDataSource(database), database, console.error);
  try {
    await migrateAll(dataSource);
    console.log(`The schema of ${database.shown} is up to date.`);
  } finally {
    await dataSource.destroy();
  }
});
