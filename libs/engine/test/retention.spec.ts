// Goal: old operations go away by themselves, archived first, while nothing that a person may need is lost.
// Method: rows that ended long ago, more than a run's batch of them; archives that fail, and a process that dies between
// the archive and the deletion.
import { saga, type SagaReport } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { storeOn } from './connect';
import { eventually } from './eventually';
import { keyOfWork, nothing, work } from './handlers';

const idle = saga('idle', { version: 1, input: work, key: keyOfWork }).step('one', nothing, {
  mode: 'external',
});
const MARKERS = 'op_log WHERE op_type =';

for (const server of DATABASES) {
  describeIf(server, `retention on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    /** So many operations that ended 31 days ago, with a history and a fence row each; and some that are kept. */
    async function fill(count: number): Promise<void> {
      const isMysql = server === 'mariadb';
      const numbers = isMysql ? `seq_1_to_${count}` : `generate_series(1, ${count}) seq`;
      const old = isMysql ? 'now() - INTERVAL 31 DAY' : `now() - interval '31 days'`;
      await bed.rows(
        `INSERT INTO op_log (op_type, status, created_at, finished_at, idempotency_key)
         SELECT 'idle', 'done', ${old}, ${old}, concat('k', seq) FROM ${numbers}`,
      );
      await bed.rows(
        `INSERT INTO saga (id, type, version, state, seq, created_at, finished_at)
         SELECT id, op_type, 1, 'completed', 1, created_at, finished_at FROM op_log`,
      );
      await bed.rows(
        `INSERT INTO saga_transition (saga_id, seq, attempt, from_state, to_state, outcome, duration_ms, fence)
         SELECT id, 1, 1, 'ready', 'completed', 'succeeded', 0, 1 FROM saga`,
      );
      await bed.rows(
        `INSERT INTO saga_fence (saga_id, step, phase, fence) SELECT id, 'one', 'action', 1 FROM saga`,
      );
      await bed.rows(
        `INSERT INTO op_log (op_type, status, created_at, finished_at, reason)
         VALUES ('kept', 'dead', ${old}, ${old}, 'why')`,
      );
    }

    const isDeleted = async (withinMs?: number): Promise<void> => {
      await eventually(
        'all old operations are deleted',
        async () => (await bed.count(`${MARKERS} 'idle'`)) === 0,
        withinMs,
      );
    };
    const lastRun = async (): Promise<{ error: string | null; found: number } | undefined> => {
      const runs = await bed.rows<{ error: string | null; found: number; repaired: number }>(
        `SELECT error, found, repaired FROM repair_run WHERE rule = 'old-operations' ORDER BY id DESC`,
      );
      return runs[0];
    };

    it('deletes 10,000 of them, by several processes at once, and nothing else', async () => {
      await fill(10_000);
      const engines = [await bed.start([idle]), await bed.start([idle])];
      const fresh = await bed.append(engines[0]!, idle);
      await bed.reaches(engines[0]!, fresh, 'completed');
      await eventually(
        'only the new one is left',
        async () => (await bed.count(`${MARKERS} 'idle'`)) === 1,
        40_000,
      );
      await Promise.all(engines.map((engine) => engine.stop()));
      expect(await bed.count(`${MARKERS} 'kept'`)).toBe(1);
      for (const table of ['saga', 'saga_transition'])
        expect(
          await bed.count(`${table} s WHERE s.${table === 'saga' ? 'id' : 'saga_id'} <> ${fresh}`),
        ).toBe(0);
      expect(await bed.count('saga_fence')).toBe(0);
      const runs = await bed.rows<{ repaired: number }>(
        `SELECT repaired FROM repair_run WHERE rule = 'old-operations'`,
      );
      const repaired = runs.reduce((sum, run) => sum + run.repaired, 0);
      expect(repaired).toBe(10_000);
    });

    it('keeps all for ever where it is told to', async () => {
      await fill(3);
      const engine = await bed.start([idle], { retentionMs: null });
      await bed.reaches(engine, await bed.append(engine, idle), 'completed');
      await engine.stop();
      expect(await bed.count(`${MARKERS} 'idle'`)).toBe(4);
    });

    it('archives a batch first, and deletes nothing of it when that fails, which it tells', async () => {
      await fill(250);
      const sizes: number[] = [];
      const archive = async (operations: readonly SagaReport[]): Promise<void> => {
        sizes.push(operations.length);
        expect(operations[0]!.history).toHaveLength(1);
        if (sizes.length === 2) throw new Error('the disk is full');
      };
      const engine = await bed.start([idle], { archive });
      const run = await eventually('the run is told', lastRun);
      expect(run).toMatchObject({ found: 200, repaired: 100 });
      expect(run.error).toMatch(/archive failed.*the disk is full/);
      await engine.stop();
      expect(sizes).toEqual([100, 100]);
      expect(await bed.count(`${MARKERS} 'idle'`)).toBe(150);
      expect(bed.log.join()).toContain('the disk is full');
    });

    it('archives again what a process had archived that died before it deleted it', async () => {
      await fill(30);
      const archived: string[] = [];
      const archive = async (operations: readonly SagaReport[]): Promise<void> => {
        archived.push(...operations.map(({ id }) => id));
      };
      const store = storeOn(bed.dataSource);
      store.deleteOld = () => new Promise(() => undefined);
      const dying = await bed.start([idle], { archive, store, shutdownGraceMs: 0 });
      await eventually('it is archived', async () => archived.length === 30);
      void dying.stop();
      await bed.start([idle], { archive });
      await isDeleted();
      expect(archived).toHaveLength(60);
      expect(new Set(archived).size).toBe(30);
    });
  });
}
