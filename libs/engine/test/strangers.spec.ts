// Goal: rows that nobody can carry out come to a visible end, rows that somebody else can are left alone, and neither
// holds anybody up.
// Method: markers and sagas put into the tables by plain SQL, as any program may, beside good ones.
import { describeIf } from '../../../test/servers';
import { saga } from '@tenon/core';

import { DATABASES, openBed, type Bed } from './bed';
import { eventually } from './eventually';
import { keyOfWork, make, work, writes } from './handlers';

const known = saga('known', { version: 1, input: work, key: keyOfWork }).step('write', writes);
const elsewhere = saga('elsewhere', { version: 1, input: work }).step('write', writes);
const options = { pollMsMax: 100, unservedGraceMs: 300, sessionMs: 600 };

for (const server of DATABASES) {
  describeIf(server, `strangers on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    const insert = async (columns: string, values: string): Promise<string> => {
      await bed.dataSource.query(`INSERT INTO op_log (${columns}) VALUES (${values})`);
      const [row] = await bed.rows<{ id: string | number }>('SELECT max(id) AS id FROM op_log');
      return String(row?.id);
    };
    const isRepaired = (rule: string) =>
      eventually(
        `${rule} leaves a row`,
        async () =>
          (await bed.count(`repair_run WHERE rule = '${rule}' AND found > 0 AND repaired > 0`)) > 0,
      );

    it('of a type that nobody knows are dead after the grace, with the reason, while the rest goes on', async () => {
      const engine = await bed.start([known], options);
      const id = await insert('op_type, op_key', `'unheard-of', 'k'`);
      const behind = await bed.append(engine, known, { key: 'k' });
      const beside = await bed.append(engine, known);
      await bed.reaches(engine, beside, 'completed');
      await bed.reaches(engine, behind, 'completed');
      expect(await engine.client.find(id)).toMatchObject({
        markerStatus: 'dead',
        state: null,
        reason: expect.stringContaining('TENON_UNKNOWN_OPERATION') as string,
      });
      await isRepaired('unserved-markers');
    });

    it('of a type that another living process knows are left to that one', async () => {
      const other = bed.engine([elsewhere], { ...options, roles: ['worker'] });
      await other.start(make);
      const engine = await bed.start([known], options);
      const id = await insert('op_type', `'elsewhere'`);
      // The rule has had its time when it has buried what came later.
      await insert('op_type', `'unheard-of'`);
      await eventually(
        'the other is dead',
        async () => (await bed.count(`op_log WHERE status = 'dead'`)) > 0,
      );
      expect((await engine.client.find(id))?.markerStatus).toBe('pending');
      await other.stop();
      // Also when it is gone, for a day: a service that is being deployed comes back.
      await insert('op_type', `'never-heard-of'`);
      await eventually(
        'the third is dead',
        async () => (await bed.count(`op_log WHERE status = 'dead'`)) > 1,
      );
      expect((await engine.client.find(id))?.markerStatus).toBe('pending');
      await bed.dataSource.query(
        `UPDATE worker_session SET renewed_at = '2001-01-01' WHERE ended_at IS NOT NULL`,
      );
      await eventually(
        'it is dead too',
        async () => (await engine.client.find(id))?.markerStatus === 'dead',
      );
    });

    it.each([
      ['no object', `'"text"'`],
      ['null', `'null'`],
      ['a list', `'[]'`],
    ])(
      'with %s as a payload are killed with the reason, and their key is free',
      async (_, payload) => {
        const engine = await bed.start([known], options);
        const id = await insert('op_type, op_key, payload', `'known', 'k', ${payload}`);
        const behind = await bed.append(engine, known, { key: 'k' });
        const report = await bed.reaches(engine, id, 'killed');
        expect(report.markerStatus).toBe('dead');
        expect(report.reason).toContain('TENON_INVALID_INPUT: expected an object');
        await bed.reaches(engine, behind, 'completed');
        expect(await bed.effects(id)).toEqual([]);
      },
    );

    it('that this session holds and nobody runs go on: an answer to a claim may have been lost', async () => {
      const engine = await bed.start([known], options);
      const id = await insert('op_type, status', `'known', 'taken'`);
      await bed.dataSource.query(
        `INSERT INTO saga (id, type, version, fence, session_id, due_at)
         SELECT ${id}, 'known', 1, 1, max(id), now() FROM worker_session`,
      );
      await bed.reaches(engine, id, 'completed');
      expect(await bed.effects(id)).toEqual(['action write']);
      await isRepaired('orphaned-sagas');
    });

    it('that are parked with nobody before them are freed', async () => {
      const engine = await bed.start([known], options);
      const id = await insert('op_type, op_key, status', `'known', 'p', 'parked'`);
      await bed.reaches(engine, id, 'completed');
      await isRepaired('parked-heads');
    });

    it('are held by a session that ended without them: they are freed, and no crash is counted', async () => {
      const engine = await bed.start([known], options);
      const id = await insert('op_type, status', `'known', 'taken'`);
      await bed.dataSource.query(
        `INSERT INTO worker_session (worker, types, expires_at, ended_at) VALUES ('gone', '[]', now(), now())`,
      );
      await bed.dataSource.query(
        `INSERT INTO saga (id, type, version, fence, session_id, due_at)
         SELECT ${id}, 'known', 1, 1, id, now() FROM worker_session WHERE worker = 'gone'`,
      );
      await bed.reaches(engine, id, 'completed');
      expect(await bed.count('saga WHERE crashes > 0')).toBe(0);
    });

    it('of a version that nobody knows are handed back, ever more slowly, and go on when somebody does', async () => {
      const engine = await bed.start([known], options);
      const id = await insert('op_type, status', `'known', 'taken'`);
      await bed.dataSource.query(
        `INSERT INTO saga (id, type, version, fence, due_at) VALUES (${id}, 'known', 2, 0, now())`,
      );
      const beside = await bed.append(engine, known);
      await bed.reaches(engine, beside, 'completed');
      await eventually('a person is told', () =>
        bed.log.find((line) => line.includes('type known version 2 have come here')),
      );
      await engine.stop();
      const newer = saga('known', { version: 2, input: work, key: keyOfWork }).step(
        'write',
        writes,
      );
      const updated = await bed.start([known, newer], options);
      await bed.reaches(updated, id, 'completed');
    });
  });
}
