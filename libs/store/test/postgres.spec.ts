// Goal: the store keeps every promise of its port on the oldest and on the newest PostgreSQL that is supported.
// Method: the suite that all stores pass, on real servers.
import { describeStore } from '@tenon/testing';
import type { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../test/servers';
import { connectApplication, openPostgres } from './postgres/open-postgres';

for (const server of ['postgres15', 'postgres18'] as const) {
  describeIf(server, server, () => {
    let database: TestDatabase;
    let dataSource: DataSource;
    beforeAll(async () => {
      database = await testDatabase(server);
      dataSource = await connectApplication(database.url);
    });
    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });
    describeStore(server, () => openPostgres(dataSource));
  });
}
