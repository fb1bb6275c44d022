// Goal: the store keeps every promise of its port on MariaDB.
// Method: the suite that all stores pass, on a real server.
import { describeStore } from '@tenon/testing';
import type { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../test/servers';
import { connectApplication, openMysql } from './mysql/open-mysql';

describeIf('mariadb', 'mariadb', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeAll(async () => {
    database = await testDatabase('mariadb');
    dataSource = await connectApplication(database.url);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  describeStore('mariadb', () => openMysql(dataSource));
});
