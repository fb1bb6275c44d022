// Goal: no list of operators reads much more than it shows, whatever its filter and however large the tables; and its indexes
// cost the recording nothing.
// Method: 30,000 operations without statistics, with what is rare among the oldest; the server counts the rows that it reads.
import type { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import { probesForMarkers, probesForSagas } from '../../src/operator/probe';
import { ENGINE_SETTINGS, IN_ORDER } from '../../src/postgres/database';
import * as SQL from '../../src/postgres/operator/operator-sql';
import { markerPage, sagaPage, type Question } from '../../src/postgres/operator/page-sql';
import * as given from '../operator-questions';
import { connectApplication } from './open-postgres';

const FILL = [
  `INSERT INTO op_log (id, op_type, op_key, status, created_at)
   SELECT i, ${given.TYPE}, ${given.KEY}, 'done', timestamptz '2026-01-01Z' + i * interval '1 minute'
   FROM generate_series(1, ${given.OPERATIONS}) i`,
  `UPDATE op_log SET status = s.status FROM (
     SELECT i, ${given.STATUS} AS status FROM generate_series(1, 70) i
   ) s WHERE id = s.i AND s.status <> 'done'`,
  `INSERT INTO saga (id, type, version, state, session_id, finished_at)
   SELECT i, ${given.TYPE}, 1, ${given.STATE}, CASE WHEN i BETWEEN 31 AND 40 THEN 1 END, CASE WHEN NOT (${given.IS_LIVE}) THEN now() END
   FROM generate_series(1, ${given.OPERATIONS}) i WHERE ${given.HAS_SAGA}`,
];

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** The rows of tables that a plan has read, whether or not it kept them. */
function rowsRead(plan: Plan): number {
  const {
    'Actual Rows': kept,
    'Actual Loops': loops,
    'Rows Removed by Filter': removed = 0,
  } = plan;
  const own = plan['Relation Name'] === undefined ? 0 : (kept + removed) * loops;
  return (plan.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), own);
}

function literal(value: unknown): string {
  const text = Array.isArray(value)
    ? `{${value.map((each) => JSON.stringify(each)).join(',')}}`
    : String(value);
  return `'${text.replaceAll("'", "''")}'`;
}

for (const server of ['postgres15', 'postgres18'] as const) {
  describeIf(server, `what operators' questions read on ${server}`, () => {
    let database: TestDatabase;
    let dataSource: DataSource;
    beforeAll(async () => {
      database = await testDatabase(server);
      dataSource = await connectApplication(database.url);
      for (const table of ['op_log', 'saga'])
        await dataSource.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
      for (const statement of FILL) await dataSource.query(statement);
    });
    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });

    /** As the engine's connections carry it out: with a plan that knows no values. */
    async function read({ statement, values }: Question, setting = ''): Promise<number> {
      const runner = dataSource.createQueryRunner();
      try {
        await runner.query(`${ENGINE_SETTINGS}; ${setting}; PREPARE asked AS ${statement.text}`);
        const given = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`;
        const [row] = (await runner.query(
          `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ${given}`,
        )) as readonly { readonly 'QUERY PLAN': readonly { readonly Plan: Plan }[] }[];
        await runner.query('DEALLOCATE asked; COMMIT; RESET ALL');
        return rowsRead(row!['QUERY PLAN'][0]!.Plan);
      } finally {
        await runner.release();
      }
    }

    it.each([...given.SAGA_QUESTIONS, ...given.SPAN_QUESTIONS])(
      'sagas: %j',
      async (filter, range) => {
        const question = sagaPage(probesForSagas(filter), filter, given.PAGE, range);
        expect(await read(question, IN_ORDER)).toBeLessThan(given.ROWS_READ_MAX);
      },
    );

    it.each(given.MARKER_QUESTIONS)('markers: %j', async (filter) => {
      const question = markerPage(probesForMarkers(filter), filter, given.PAGE);
      expect(await read(question, IN_ORDER)).toBeLessThan(given.ROWS_READ_MAX);
    });

    it.each([
      ['PENDING_BACKLOG', SQL.PENDING_BACKLOG, [10_000, 500]],
      ['LIVE_BACKLOG', SQL.LIVE_BACKLOG, [10_000, 500]],
      ['PAUSED_BACKLOG', SQL.PAUSED_BACKLOG, [10_000]],
      ['DEAD_BACKLOG', SQL.DEAD_BACKLOG, [10_000]],
      ['FIND_OPERATION', SQL.FIND_OPERATION, [45]],
      ['MARKER_FROM', SQL.MARKER_FROM, [15_000]],
      ['LAST_MARKER', SQL.LAST_MARKER, []],
      ['FIND_KEY', SQL.FIND_KEY, ['a'.repeat(64)]],
    ] as const)('%s', async (_, statement, values) => {
      expect(await read({ statement, values })).toBeLessThan(given.ROWS_READ_MAX);
    });

    it('recording a transition still is a HOT update, which touches no index', async () => {
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query(
        `UPDATE saga SET state = 'trying', seq = seq + 1, reason = 'x' WHERE id = 35`,
      );
      const [row] = (await runner.query(
        `SELECT pg_stat_get_xact_tuples_hot_updated('saga'::regclass)::int AS hot`,
      )) as readonly { readonly hot: number }[];
      await runner.rollbackTransaction();
      await runner.release();
      expect(row).toEqual({ hot: 1 });
    });
  });
}
