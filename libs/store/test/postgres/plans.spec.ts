// Goal: no statement of the hot path reads a whole table, whether or not anybody has analysed it.
// Method: 30,000 markers and sagas without statistics; the server explains how it would carry the statements out.
import type { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import { ENGINE_SETTINGS } from '../../src/postgres/database';
import * as sql from '../../src/postgres/sql';
import { connectApplication } from './open-postgres';

const FILL = [
  `INSERT INTO op_log (op_type, op_key, status)
   SELECT 'alpha', 'key' || i % 1000, CASE WHEN i < 1000 THEN 'taken' WHEN i % 2 = 0 THEN 'pending' ELSE 'parked' END
   FROM generate_series(1, 30000) i`,
  `INSERT INTO saga (id, type, version, session_id, due_at)
   SELECT i, 'alpha', 1, CASE WHEN i % 2 = 0 THEN 1 END, now() FROM generate_series(1, 30000) i`,
  `INSERT INTO saga_transition (saga_id, seq, attempt, from_state, to_state, outcome, duration_ms, fence)
   SELECT i, 1, 0, 'ready', 'running', 'moved', 0, 1 FROM generate_series(1, 30000) i`,
];

for (const server of ['postgres15', 'postgres18'] as const) {
  describeIf(server, `plans on ${server}`, () => {
    let database: TestDatabase;
    let dataSource: DataSource;
    beforeAll(async () => {
      database = await testDatabase(server);
      dataSource = await connectApplication(database.url);
      for (const table of ['op_log', 'saga', 'saga_transition']) {
        await dataSource.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
      }
      for (const statement of FILL) await dataSource.query(statement);
    });
    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });

    /** The plan that is used for whatever values come: nothing is known of them. */
    async function planOf({ text }: sql.Statement, settings: string): Promise<string> {
      const runner = dataSource.createQueryRunner();
      try {
        await runner.query(`${settings}; PREPARE explained AS ${text}`);
        const count = Math.max(...[...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)));
        const nothing = Array.from({ length: count }, () => 'NULL').join(', ');
        const rows = (await runner.query(`EXPLAIN EXECUTE explained (${nothing})`)) as Record<
          string,
          string
        >[];
        await runner.query('DEALLOCATE explained; RESET ALL');
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      } finally {
        await runner.release();
      }
    }

    it.each<[string, sql.Statement, readonly string[]]>([
      ['TAKE_IN', sql.TAKE_IN, ['op_log_pending', 'op_log_key', 'op_log_taken', 'op_log_pkey']],
      ['RELEASE_KEYS', sql.RELEASE_KEYS, ['op_log_key', 'op_log_taken', 'op_log_pkey']],
      ['TAKE_DUE', sql.TAKE_DUE, ['saga_due', 'saga_pkey', 'op_log_pkey']],
      ['NEXT_DUE', sql.NEXT_DUE, ['op_log_pending', 'saga_due']],
      ['ADOPT', sql.ADOPT, ['saga_pkey', 'op_log_pkey']],
      ['LOAD', sql.LOAD, ['saga_pkey', 'op_log_pkey']],
      ['LOAD_HISTORY', sql.LOAD_HISTORY, ['saga_transition_pkey']],
      ['HELD_IDS', sql.HELD_IDS, ['saga_session']],
      ['RECORD', sql.RECORD, ['saga_pkey', 'saga_transition_pkey', 'op_log_pkey']],
      ['FREE_ORPHANS', sql.FREE_ORPHANS, ['saga_session']],
      ['BURY_UNSERVED', sql.BURY_UNSERVED, ['op_log_pending']],
      ['FIND_PARKED_HEADS', sql.FIND_PARKED_HEADS, ['op_log_parked', 'op_log_key', 'op_log_taken']],
    ])("the engine's %s finds its rows by index", async (_, statement, indexes) => {
      const plan = await planOf(statement, ENGINE_SETTINGS);
      for (const index of indexes) expect(plan).toMatch(new RegExp(`using ${index}|on ${index}`));
      expect(plan).not.toMatch(/Seq Scan on (op_log|operation_pause|saga)/);
    });

    it('a backlog of a high priority that is not yet due is not read', async () => {
      await dataSource.query(
        `INSERT INTO op_log (op_type, priority, due_at)
         SELECT 'later', 1, now() + interval '1 hour' FROM generate_series(1, 20000)`,
      );
      await dataSource.query(`INSERT INTO op_log (op_type, priority) VALUES ('later', -1)`);
      const runner = dataSource.createQueryRunner();
      await runner.query(`${ENGINE_SETTINGS}; PREPARE claim AS ${sql.TAKE_IN.text}`);
      const [session] = (await runner.query(
        `INSERT INTO worker_session (worker, types, expires_at)
         VALUES ('w', '[]', now() + interval '1 hour') RETURNING id`,
      )) as { id: string }[];
      await runner.startTransaction();
      const rows = (await runner.query(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
         EXECUTE claim (ARRAY['later'], ARRAY[1], 100, 100, ${session!.id}, 1000)`,
      )) as { 'QUERY PLAN': { Plan: Record<string, number> }[] }[];
      await runner.rollbackTransaction();
      await runner.query('DEALLOCATE claim; RESET ALL');
      await runner.release();
      const { Plan: plan } = rows[0]!['QUERY PLAN'][0]!;
      expect(plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!).toBeLessThan(150);
    });

    it.each<[string, sql.Statement]>([
      ['FENCE', sql.FENCE],
      ['RECORD_STEP', sql.RECORD_STEP],
    ])("%s does so on the application's connections too", async (_, statement) => {
      const plan = await planOf(statement, 'SET plan_cache_mode = force_generic_plan');
      expect(plan).toContain('using saga_pkey');
      expect(plan).not.toContain('Seq Scan');
    });
  });
}
