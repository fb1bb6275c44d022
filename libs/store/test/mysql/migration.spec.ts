// Goal: a migration that died half-way is finished by the next one, and tables that someone else made are left alone:
// these servers commit each CREATE TABLE by itself.
// Method: databases in which some of the tables are there already.
import { mysqlStore } from '@tenon/store';
import { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';

describeIf('mariadb', 'a migration', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeEach(async () => {
    database = await testDatabase('mariadb');
    dataSource = new DataSource({ type: 'mariadb', url: database.url });
    await dataSource.initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('goes on where one before it was cut short', async () => {
    const store = mysqlStore({ dataSource });
    await store.migrate();
    await dataSource.query('DROP TABLE repair_run, worker_session, saga_fence');
    await dataSource.query('DELETE FROM tenon_schema');
    await expect(store.open()).rejects.toMatchObject({ code: 'TENON_SCHEMA_MISSING' });
    await store.migrate();
    await store.open();
    await store.recordRepair({ rule: 'r', found: 0, repaired: 0, durationMs: 0, error: null });
    await store.close();
  });

  it('refuses a database in which its names are taken, and leaves it as it was', async () => {
    await dataSource.query('CREATE TABLE saga (title text)');
    await expect(mysqlStore({ dataSource }).migrate()).rejects.toThrow(/did not make: saga/);
    expect(await dataSource.query('SHOW TABLES')).toHaveLength(1);
  });
});
