// Goal: two steps that look for fences which are not there yet do not deadlock (fact M4: at REPEATABLE READ they lock the
// gap, and each waits for the other's; the DataSource of this test has that level, the servers' default).
// Method: the same fence, and neighbouring ones, inserted at the same time, thirty times each.
import { describeIf } from '../../../../test/servers';
import { callOf, holdSagas, rowOf, useScene } from './scene';

const ROUNDS = 30;

describeIf('mariadb', 'M4: fences that are inserted at the same time', () => {
  const scene = useScene();

  it('of the same name have one winner, and the other is overtaken', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [saga] = await holdSagas(scene(), 1);
      const call = callOf(scene(), saga!, 'debit', 'cancel');
      const commits = await Promise.all(
        [1, 2].map(() =>
          scene().store.inStepTransaction(call, new AbortController().signal, async () => [
            rowOf(1),
          ]),
        ),
      );
      expect(commits.sort()).toEqual(['committed', 'overtaken']);
    }
  });

  it('of neighbours all commit', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const sagas = await holdSagas(scene(), 4);
      const commits = await Promise.all(
        sagas.map((saga) =>
          scene().store.inStepTransaction(
            callOf(scene(), saga, 'debit', 'cancel'),
            new AbortController().signal,
            async () => [rowOf(1)],
          ),
        ),
      );
      expect(commits).toEqual(sagas.map(() => 'committed'));
    }
  });

  it('run at READ COMMITTED, whatever the application has set', async () => {
    const [saga] = await holdSagas(scene(), 1);
    const levels: unknown[] = [];
    const abort = new AbortController().signal;
    await scene().store.inStepTransaction(callOf(scene(), saga!, 'debit'), abort, async (tx) => {
      levels.push(
        ...(await tx.query<unknown[]>(
          `SELECT trx_isolation_level AS level FROM information_schema.innodb_trx
           WHERE trx_mysql_thread_id = connection_id()`,
        )),
      );
      return [rowOf(1)];
    });
    expect(levels).toEqual([{ level: 'READ COMMITTED' }]);
    const rows = await scene().dataSource.query<unknown[]>(`SELECT @@tx_isolation AS level`);
    expect(rows).toEqual([{ level: 'REPEATABLE-READ' }]);
  });
});
