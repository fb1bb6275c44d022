// Goal: a step that is given up lets go of its locks at once, also when the server is busy with one of its statements and
// does not notice that its client has gone; and a handler that meddles with its transaction is told.
// Method: handlers that sleep in the server, wait for a lock, commit by themselves or leave a savepoint behind.
import { describeIf } from '../../../../test/servers';
import { callOf, holdSagas, rowOf, useScene } from './scene';

describeIf('mariadb', 'a step', () => {
  const scene = useScene();

  it.each([
    ['sleeps in the server', 'SELECT sleep(50)'],
    ['waits for a lock', `UPDATE effect SET name = 'mine' WHERE id = 1`],
  ])('that is aborted while it %s leaves no lock behind', async (_, busy) => {
    const { dataSource, store } = scene();
    await dataSource.query(`INSERT IGNORE INTO effect (id, name) VALUES (1, 'a'), (2, 'b')`);
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query(`SELECT * FROM effect WHERE id = 1 FOR UPDATE`);

    const [saga] = await holdSagas(scene(), 1);
    const abort = new AbortController();
    const step = store.inStepTransaction(callOf(scene(), saga!, 'a'), abort.signal, async (tx) => {
      await tx.query(`UPDATE effect SET name = 'half' WHERE id = 2`);
      setImmediate(() => abort.abort(new Error('too slow')));
      await tx.query(busy);
      return [rowOf(1)];
    });
    await expect(step).rejects.toThrow('too slow');

    // Both the row and the fence are free, within the waits for locks that these sessions have.
    await other.query('SET innodb_lock_wait_timeout = 2');
    await other.query(`UPDATE effect SET name = 'b' WHERE id = 2`);
    await other.commitTransaction();
    await other.query('SET innodb_lock_wait_timeout = DEFAULT');
    await other.release();
    const again = store.inStepTransaction(
      callOf(scene(), saga!, 'a'),
      new AbortController().signal,
      async () => [rowOf(1)],
    );
    expect(await again).toBe('committed');
  });

  it('whose handler commits by itself is told, and what it did is in the history', async () => {
    const { store, sessionId } = scene();
    const [saga] = await holdSagas(scene(), 1);
    const step = store.inStepTransaction(
      callOf(scene(), saga!, 'a'),
      new AbortController().signal,
      async (tx) => {
        await tx.query('COMMIT');
        return [rowOf(1)];
      },
    );
    await expect(step).rejects.toMatchObject({ code: 'TENON_USAGE' });
    expect(await store.load([saga!.id], sessionId)).toMatchObject([{ history: [{ seq: 1 }] }]);
  });

  it('whose handler leaves a nested transaction open is told, and nothing is left of it', async () => {
    const { store, sessionId } = scene();
    const [saga] = await holdSagas(scene(), 1);
    const step = store.inStepTransaction(
      callOf(scene(), saga!, 'a'),
      new AbortController().signal,
      async (tx) => {
        await tx.queryRunner!.startTransaction();
        return [rowOf(1)];
      },
    );
    await expect(step).rejects.toMatchObject({ code: 'TENON_USAGE' });
    expect(await store.load([saga!.id], sessionId)).toMatchObject([{ history: [] }]);
  });

  it('whose handler swallows the deadlock that undid its transaction is told, and records nothing', async () => {
    const { dataSource, store, sessionId } = scene();
    await dataSource.query(`INSERT IGNORE INTO effect (id, name) VALUES (1, 'a'), (2, 'b')`);
    const [saga] = await holdSagas(scene(), 1);
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    // The heavier of two transactions survives a deadlock.
    await other.query(`INSERT INTO effect (name) SELECT 'heavy' FROM seq_1_to_100`);
    await other.query(`UPDATE effect SET name = 'x' WHERE id = 2`);
    let swallowed: unknown;
    const step = store.inStepTransaction(
      callOf(scene(), saga!, 'a'),
      new AbortController().signal,
      async (tx) => {
        await tx.query(`UPDATE effect SET name = 'lost' WHERE id = 1`);
        const circle = other.query(`UPDATE effect SET name = 'x' WHERE id = 1`);
        await tx.query(`UPDATE effect SET name = 'lost' WHERE id = 2`).catch((error: unknown) => {
          swallowed = error;
        });
        await circle;
        return [rowOf(1)];
      },
    );
    await expect(step).rejects.toMatchObject({ code: 'TENON_USAGE' });
    await other.rollbackTransaction();
    await other.release();
    expect(store.classify(swallowed)).toBe('conflict');
    expect(await store.load([saga!.id], sessionId)).toMatchObject([{ history: [] }]);
  });

  it('that loses against another is a conflict, and its connection is clean again', async () => {
    const { dataSource, store } = scene();
    await dataSource.query(`INSERT IGNORE INTO effect (id, name) VALUES (1, 'a'), (2, 'b')`);
    const [a, b] = await holdSagas(scene(), 2);
    const met = meeting(2);
    const steps = [
      { saga: a!, ids: [1, 2] },
      { saga: b!, ids: [2, 1] },
    ].map(({ saga, ids }) =>
      store
        .inStepTransaction(callOf(scene(), saga, 'a'), new AbortController().signal, async (tx) => {
          await tx.query(`UPDATE effect SET name = 'x' WHERE id = ?`, [ids[0]]);
          await met();
          await tx.query(`UPDATE effect SET name = 'x' WHERE id = ?`, [ids[1]]);
          return [rowOf(1)];
        })
        .catch((error: unknown) => store.classify(error)),
    );
    expect((await Promise.all(steps)).sort()).toEqual(['committed', 'conflict']);
    const open = await dataSource.query<{ n: string }[]>(
      `SELECT count(*) AS n FROM information_schema.innodb_trx t
       JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = database()`,
    );
    expect(Number(open[0]!.n)).toBe(0);
  });
});

/** Resolves for all once `count` have come. */
function meeting(count: number): () => Promise<void> {
  let all = (): void => undefined;
  const everyone = new Promise<void>((resolve) => (all = resolve));
  let come = 0;
  return () => {
    if (++come === count) all();
    return everyone;
  };
}
