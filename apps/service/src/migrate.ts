import 'reflect-metadata';
import { runCommand } from './command';
import { serviceDataSource } from './database/data-source';
import { migrateAll } from './database/migrate-all';
import { openDatabase } from './database/open-database';
import { settingsOf } from './settings';

/** `npm run migrate`: brings the database of DATABASE_URL up to date. */
runCommand(async () => {
  const { database } = settingsOf({ ...process.env, REDIS_URL: 'redis://not-needed-here' });
  const dataSource = await openDatabase(serviceDataSource(database), database, console.error);
  try {
    await migrateAll(dataSource);
    console.log(`The schema of ${database.shown} is up to date.`);
  } finally {
    await dataSource.destroy();
  }
});
