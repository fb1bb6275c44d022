// Goal: a relay that claims locks what it takes and nothing else (fact M5: a claim that sorts, or filters on what its index
// lacks, locks all rows: a second relay then gets none, and writers wait).
// Method: a claim that is held open, while others claim and write; and the plans of the claims.
import { newMarker } from '@tenon/core';
import { describeIf } from '../../../../test/servers';
import * as SQL from '../../src/mysql/sql';
import { TYPES, useScene } from './scene';

describeIf('mariadb', 'M5: a claim that is held open', () => {
  const scene = useScene();

  it('keeps from others only the rows that it takes', async () => {
    const { dataSource, store, sessionId } = scene();
    const types = [...TYPES, { type: 'advice', version: 1 }];
    const markers = Array.from({ length: 50 }, (_, i) => {
      const { type } = types[i % 2]!;
      return newMarker({ type, key: `k${i}`, payload: {} });
    });
    await dataSource.transaction((tx) => store.appendMarkers(tx, markers));

    const claimer = dataSource.createQueryRunner();
    await claimer.startTransaction('READ COMMITTED');
    const taken = await claimer.manager.query<{ id: string }[]>(SQL.TAKE_IN, [
      'transfer',
      0,
      'transfer',
      10,
    ]);
    expect(taken).toHaveLength(10);

    await dataSource.transaction((tx) =>
      store.appendMarkers(tx, [newMarker({ type: 'transfer', key: 'new', payload: {} })]),
    );
    await dataSource.query(
      `INSERT INTO operation_pause (type, paused_by, reason) VALUES ('transfer', 'test', 'waits for no claim')`,
    );
    await dataSource.query('DELETE FROM operation_pause');
    const request = { limit: 100, inlineMax: 100, sessionId, types, requeueMs: 60_000 };
    const { held, parked } = await store.takeIn(request);
    expect([held.length, parked]).toEqual([41, 0]);

    await claimer.rollbackTransaction();
    await claimer.release();
    expect((await store.takeIn(request)).held.map(({ id }) => id)).toEqual(
      taken.map(({ id }) => id),
    );
  });

  it('does not read a backlog of a high priority that is not yet due', async () => {
    const { dataSource } = scene();
    await dataSource.query(
      `INSERT INTO op_log (op_type, priority, due_at)
       SELECT 'later', 1, now(3) + INTERVAL 1 HOUR FROM seq_1_to_5000`,
    );
    await dataSource.query(`INSERT INTO op_log (op_type, priority) VALUES ('later', -1)`);
    const claimer = dataSource.createQueryRunner();
    await claimer.startTransaction('READ COMMITTED');
    await claimer.query('FLUSH STATUS');
    for (const priority of [1, 0, -1])
      await claimer.query(SQL.TAKE_IN, ['later', priority, 'later', 10]);
    await claimer.query(SQL.NEXT_DUE(1), ['later', 'later', 'later', 'later']);
    const reads = (await claimer.query(`SHOW SESSION STATUS LIKE 'Handler_read%'`)) as {
      Value: string;
    }[];
    await claimer.rollbackTransaction();
    await claimer.release();
    expect(reads.reduce((sum, { Value }) => sum + Number(Value), 0)).toBeLessThan(50);
  });

  it.each([
    ['markers', SQL.TAKE_IN, 'op_log_pending', ['transfer', 0, 'transfer', 10]],
    ['sagas', SQL.TAKE_DUE, 'saga_due', ['transfer', 'transfer', 10]],
    ['unserved markers', SQL.FIND_UNSERVED, 'op_log_pending', ['transfer', 0, 10]],
  ])('reads %s in the order of their index, with no sort', async (_, claim, index, values) => {
    const { dataSource } = scene();
    const plan = await dataSource.query<{ key: string; Extra: string }[]>(
      `EXPLAIN ${claim}`,
      values,
    );
    expect(plan[0]).toMatchObject({ key: index });
    expect(plan[0]!.Extra).not.toMatch(/filesort|temporary/);
  });
});
