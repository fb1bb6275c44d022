import 'reflect-metadata';
import { runCommand } from './command';
import { serviceDataSource } from './database/data-source';
import { migrateAll } from './database/migrate-all';
import { openDatabase } from './database/open-database';
import { engineOptions } from './place/engine-options';
import { serviceContext } from './service-context';
import { settingsOf } from './settings';

/** One instance of the service, with every role, on DATABASE_URL and REDIS_URL. */
runCommand(async () => {
  const place = settingsOf(process.env);
  const { database } = place;
  const dataSource = await openDatabase(serviceDataSource(database), database, console.error);
  await migrateAll(dataSource);
  const app = await serviceContext({ dataSource, engine: engineOptions(place, dataSource) });
  app.enableShutdownHooks();
  console.log(`Tenon takes orders in and carries them out, on ${database.shown}.`);
});
