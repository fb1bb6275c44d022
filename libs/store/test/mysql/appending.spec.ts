// Goal: what an append answers is what is in the table, whatever the caller's session is set to.
// Method: sessions with gaps between ids, with an old snapshot, in another time zone; instants beyond the last.
import { newMarker } from '@tenon/core';
import type { QueryRunner } from 'typeorm';
import { describeIf } from '../../../../test/servers';
import { TYPES, useScene } from './scene';

describeIf('mariadb', 'appending', () => {
  const scene = useScene();

  async function inSession<Answer>(
    settings: string,
    work: (runner: QueryRunner) => Promise<Answer>,
  ): Promise<Answer> {
    const runner = scene().dataSource.createQueryRunner();
    await runner.query(`SET ${settings}`);
    await runner.startTransaction();
    try {
      return await work(runner);
    } finally {
      await runner.commitTransaction();
      await runner.query('SET auto_increment_increment = DEFAULT, time_zone = DEFAULT');
      await runner.release();
    }
  }

  it('answers the right ids where several servers write, each with numbers of its own', async () => {
    const { store, dataSource } = scene();
    const keys = ['a', 'b', 'c', 'd'];
    const answers = await inSession('auto_increment_increment = 7', (runner) =>
      store.appendMarkers(
        runner,
        keys.map((key) => newMarker({ type: 'gaps', key, payload: {} })),
      ),
    );
    const rows = await dataSource.query<{ id: string; op_key: string }[]>(
      `SELECT id, op_key FROM op_log WHERE op_type = 'gaps' ORDER BY id`,
    );
    expect(rows.map((row) => [row.id, row.op_key])).toEqual(
      answers.map(({ id }, index) => [id, keys[index]]),
    );
  });

  it('finds the operation that was committed behind its snapshot', async () => {
    const { store, dataSource } = scene();
    const once = newMarker({ type: 'snapshot', payload: {} }, { idempotencyKey: 'once' });
    const [late] = await inSession(`time_zone = DEFAULT`, async (runner) => {
      await runner.query('SELECT * FROM op_log');
      const [first] = await dataSource.transaction((tx) => store.appendMarkers(tx, [once]));
      const answers = await store.appendMarkers(runner, [once]);
      expect(answers[0]!.id).toBe(first!.id);
      return answers;
    });
    expect(late!.isDuplicate).toBe(true);
  });

  it('undoes nothing else of the transaction when one of many is a duplicate', async () => {
    const { store, dataSource } = scene();
    const markers = Array.from({ length: 20 }, (_, i) =>
      newMarker({ type: 'many', payload: i }, { idempotencyKey: `i${i}` }),
    );
    const early = [3, 4, 17].map((i) => markers[i]!);
    const first = await dataSource.transaction((tx) => store.appendMarkers(tx, early));
    const answers = await dataSource.transaction(async (tx) => {
      await tx.query(`INSERT INTO effect (name) VALUES ('paid')`);
      return store.appendMarkers(tx, markers);
    });
    expect([3, 4, 17].map((i) => answers[i])).toEqual(
      first.map(({ id }) => ({ id, isDuplicate: true })),
    );
    const fresh = answers.filter(({ isDuplicate }) => !isDuplicate).map(({ id }) => Number(id));
    expect(fresh).toHaveLength(17);
    expect(fresh).toEqual([...fresh].sort((a, b) => a - b));
    expect(await dataSource.query(`SELECT name FROM effect`)).toEqual([{ name: 'paid' }]);
  });

  it.each(['+00:00', '+09:30', '-08:00'])(
    'counts delays right in the time zone %s',
    async (zone) => {
      const { store } = scene();
      const type = `delay${zone}`;
      await inSession(`time_zone = '${zone}'`, (runner) =>
        store.appendMarkers(runner, [newMarker({ type, payload: {} }, { delayMs: 60_000 })]),
      );
      const ms = await store.nextDueMs([{ type, version: 1 }], 3_600_000);
      expect(ms).toBeGreaterThan(30_000);
      expect(ms).toBeLessThanOrEqual(60_000);
    },
  );

  it('takes an instant beyond the last of TIMESTAMP for that, and the first second for long ago', async () => {
    const { store, dataSource, sessionId } = scene();
    const centuryMs = 100 * 365 * 86_400_000;
    const [, early] = await dataSource.transaction((tx) =>
      store.appendMarkers(tx, [
        { ...newMarker({ type: 'far', payload: {} }), delayMs: centuryMs },
        newMarker({ type: 'transfer', payload: {} }, { dueAt: new Date(1) }),
      ]),
    );
    const request = { limit: 9, inlineMax: 9, sessionId, types: TYPES, requeueMs: 60_000 };
    const { held } = await store.takeIn(request);
    expect(held).toMatchObject([{ id: early!.id }]);
    await store.letGo([early!.id], sessionId, centuryMs);
    const rows = await dataSource.query<{ due: string }[]>(
      `SELECT unix_timestamp(due_at) AS due FROM op_log WHERE op_type = 'far'
       UNION ALL SELECT unix_timestamp(due_at) FROM saga WHERE id = ?`,
      [early!.id],
    );
    expect(rows.map(({ due }) => Number(due))).toEqual([2_147_483_647, 2_147_483_647]);
  });
});
