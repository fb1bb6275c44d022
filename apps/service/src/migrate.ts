import 'reflect-metadata';
import { runCommand } from './command';
import { serviceDataSource } from './database/data-source';
import { migrateAll } from './database/migrate-all';
import { openDatabase } from './database/open-database';
import { databaseOf } from './settings';

/** `npm run migrate`: brings the database of DATABASE_URL up to date. */
runCommand(async () => {
  const database = databaseOf(process.env);
  const dataSource = await openDatabase(serviceDataSource(database), database, console.error);
  try {
    await migrateAll(dataSource);
    console.log(`The schema of ${database.shown} is up to date.`);
  } finally {
    await dataSource.destroy();
  }
});
