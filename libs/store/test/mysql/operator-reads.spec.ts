// Goal: no list of operators reads much more than it shows, whatever its filter and however large the tables.
// Method: 30,000 operations with what is rare among the oldest; the server counts the rows that it reads.
import type { PoolConnection } from 'mysql2';
import type { DataSource, QueryRunner } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import type { Statement } from '../../src/mysql/connection';
import * as SQL from '../../src/mysql/operator/operator-sql';
import { markerPage, sagaPage } from '../../src/mysql/operator/page-sql';
import { probesForMarkers, probesForSagas } from '../../src/operator/probe';
import * as given from '../operator-questions';
import { connectApplication } from './open-mysql';

const FILL = [
  `INSERT INTO op_log (id, op_type, op_key, status, created_at)
   SELECT i, ${given.TYPE}, ${given.KEY}, 'done', from_unixtime(unix_timestamp('2026-01-01') + i * 60)
   FROM (SELECT seq AS i FROM seq_1_to_${given.OPERATIONS}) s`,
  `UPDATE op_log JOIN (SELECT i, ${given.STATUS} AS becomes FROM (SELECT seq AS i FROM seq_1_to_70) n) s ON s.i = id
   SET status = s.becomes WHERE s.becomes <> 'done'`,
  `INSERT INTO saga (id, type, version, state, session_id, finished_at)
   SELECT i, ${given.TYPE}, 1, ${given.STATE}, if(i BETWEEN 31 AND 40, 1, NULL), if(${given.IS_LIVE}, NULL, now(3))
   FROM (SELECT seq AS i FROM seq_1_to_${given.OPERATIONS}) s WHERE ${given.HAS_SAGA}`,
];

describeIf('mariadb', "what operators' questions read", () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let runner: QueryRunner;
  beforeAll(async () => {
    database = await testDatabase('mariadb');
    dataSource = await connectApplication(database.url);
    runner = dataSource.createQueryRunner();
    await runner.query(`SET time_zone = '+00:00'`);
    for (const statement of FILL) await runner.query(statement);
  });
  afterAll(async () => {
    await runner.release();
    await dataSource.destroy();
    await database.drop();
  });

  async function read([sql, ...values]: Statement): Promise<number> {
    const connection = (await runner.connect()) as PoolConnection;
    await runner.query('FLUSH STATUS');
    await runner.query(connection.format(sql, values));
    const rows = (await runner.query(`SHOW SESSION STATUS LIKE 'Handler\\_read%'`)) as readonly {
      readonly Value: string;
    }[];
    return rows.reduce((sum, { Value: count }) => sum + Number(count), 0);
  }

  it.each([...given.SAGA_QUESTIONS, ...given.SPAN_QUESTIONS])(
    'sagas: %j',
    async (filter, range) => {
      const question = sagaPage(probesForSagas(filter), filter, given.PAGE, range);
      expect(await read(question)).toBeLessThan(given.ROWS_READ_MAX);
    },
  );

  it.each(given.MARKER_QUESTIONS)('markers: %j', async (filter) => {
    const question = markerPage(probesForMarkers(filter), filter, given.PAGE);
    expect(await read(question)).toBeLessThan(given.ROWS_READ_MAX);
  });

  it.each<[string, Statement]>([
    ['PENDING_TYPES', [SQL.PENDING_TYPES, 500]],
    ['KNOWN_TYPES', [SQL.KNOWN_TYPES, 500]],
    ['PENDING_BACKLOG', [SQL.PENDING_BACKLOG, 'common', 0, 10_000]],
    ['LIVE_BACKLOG', [SQL.LIVE_BACKLOG, 'common', 10_000]],
    ['PAUSED_BACKLOG', [SQL.PAUSED_BACKLOG, 10_000]],
    ['DEAD_BACKLOG', [SQL.DEAD_BACKLOG, 10_000]],
    ['FIND_OPERATION', [SQL.FIND_OPERATION, 45n]],
    ['FIND_BEHIND', [SQL.FIND_BEHIND, 45n]],
    ['MARKER_FROM', [SQL.MARKER_FROM, 15_000n]],
    ['LAST_MARKER', [SQL.LAST_MARKER]],
    ['FIND_KEY', [SQL.FIND_KEY, 'a'.repeat(64)]],
  ])('%s', async (_, statement) => {
    expect(await read(statement)).toBeLessThan(given.ROWS_READ_MAX);
  });
});
