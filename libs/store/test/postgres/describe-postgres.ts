import { describeStore } from '@tenon/testing';
import type { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import { connectApplication, openPostgres } from './open-postgres';

/** The suite that all stores pass, on one version of PostgreSQL. Each has a file of its own, so that they run side by side. */
export function describePostgres(server: 'postgres15' | 'postgres18'): void {
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
