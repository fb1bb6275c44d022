// Goal: a process that froze between the record of a step and its COMMIT keeps nobody from what else it held.
// Method: a session that lapses while a connection holds the lock that a record takes on its saga.
import { setTimeout as pause } from 'node:timers/promises';
import { describeIf } from '../../../../test/servers';
import { holdSagas, TYPES, useScene } from './scene';

describeIf('mariadb', 'a session that lapsed', () => {
  const scene = useScene();

  it('gives back what nobody has locked at once, and the rest when it is free', async () => {
    const { dataSource, store, sessionId } = scene();
    const lapsing = await store.openSession({
      worker: 'w',
      sessionMs: 1_000,
      roles: ['worker'],
      versions: { transfer: [1] },
    });
    const [stuck, other] = await holdSagas({ ...scene(), sessionId: lapsing }, 2);
    const frozen = dataSource.createQueryRunner();
    await frozen.startTransaction();
    await frozen.query(`SELECT id FROM saga WHERE id = ${stuck!.id} LOCK IN SHARE MODE`);

    while ((await store.endLapsedSessions()) === 0) await pause(20);
    const request = { limit: 10, inlineMax: 10, sessionId, types: TYPES, requeueMs: 60_000 };
    expect((await store.takeDue(request)).held.map(({ id }) => id)).toEqual([other!.id]);

    await frozen.rollbackTransaction();
    await frozen.release();
    await store.endLapsedSessions();
    expect((await store.takeDue(request)).held).toMatchObject([{ id: stuck!.id, crashes: 1 }]);
  });
});
