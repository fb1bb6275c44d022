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
    const taken = await claimer.manager.query<{ id: string }[]>(SQL.TAKE_IN, ['transfer', 10]);
    expect(taken).toHaveLength(10);

    await dataSource.transaction((tx) =>
      store.appendMarkers(tx, [newMarker({ type: 'transfer', key: 'new', payload: {} })]),
    );
    const request = { limit: 100, inlineMax: 100, sessionId, types, requeueMs: 60_000 };
    const { held, parked } = await store.takeIn(request);
    expect([held.length, parked]).toEqual([41, 0]);

    await claimer.rollbackTransaction();
    await claimer.release();
    expect((await store.takeIn(request)).held.map(({ id }) => id)).toEqual(
      taken.map(({ id }) => id),
    );
  });

  it.each([
    ['markers', SQL.TAKE_IN, 'op_log_pending'],
    ['sagas', SQL.TAKE_DUE, 'saga_due'],
  ])('reads %s in the order of their index, with no sort', async (_, claim, index) => {
    const { dataSource } = scene();
    const plan = await dataSource.query<{ key: string; Extra: string }[]>(`EXPLAIN ${claim}`, [
      'transfer',
      10,
    ]);
    expect(plan).toMatchObject([{ key: index }]);
    expect(plan[0]!.Extra).not.toMatch(/filesort|temporary/);
  });
});
