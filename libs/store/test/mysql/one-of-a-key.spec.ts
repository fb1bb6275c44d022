// Goal: two operations of one key never run at once, not even when the earlier one becomes visible at the very moment at
// which the later one is being taken, where neither of the two claims can see the other's.
// Method: the later one's claim is held open just before its commit, while the store takes in the earlier one.
import { newMarker } from '@tenon/core';
import { describeIf } from '../../../../test/servers';
import * as SQL from '../../src/mysql/sql';
import { TYPES, useScene } from './scene';

describeIf('mariadb', 'two claims of one key', () => {
  const scene = useScene();

  it('have one winner', async () => {
    const { dataSource, store, sessionId } = scene();
    const marker = newMarker({ type: 'transfer', key: 'a', payload: {} });
    const writer = dataSource.createQueryRunner();
    await writer.startTransaction();
    const [earlier] = await store.appendMarkers(writer, [marker]);
    const [later] = await dataSource.transaction((tx) => store.appendMarkers(tx, [marker]));

    const claimer = dataSource.createQueryRunner();
    await claimer.startTransaction('READ COMMITTED');
    await claimer.query(SQL.TAKE_IN, ['transfer', 0, 'transfer', 10]);
    await claimer.query(SQL.SET_STATUS, ['taken', [later!.id]]);

    await writer.commitTransaction();
    await writer.release();
    const request = { limit: 9, inlineMax: 9, sessionId, types: TYPES, requeueMs: 60_000 };
    const taking = store.takeIn(request);
    await waitsForLock();
    await claimer.commitTransaction();
    await claimer.release();

    expect(await taking).toEqual({ held: [], queued: [], parked: 1 });
    expect(await store.findSaga(earlier!.id)).toMatchObject({ markerStatus: 'parked' });
  });

  /** The claim has come to the row that op_log_taken refuses, and waits to hear what becomes of the other. */
  async function waitsForLock(): Promise<void> {
    for (;;) {
      const waiting = await scene().dataSource.query<unknown[]>(
        `SELECT id FROM information_schema.processlist
         WHERE db = database() AND info LIKE 'UPDATE op_log%' AND time_ms > 100`,
      );
      if (waiting.length > 0) return;
    }
  }
});
