// Goal: a handler waits for a lock no longer than its call may take, to a whole second, also when this process cannot see to it.
// Method: steps with a limit whose signal never aborts, and a row that another transaction has locked.
import { describeIf } from '../../../../test/servers';
import { callOf, holdSagas, useScene } from './scene';

const never = new AbortController().signal;
const LIMIT = 'SELECT @@SESSION.innodb_lock_wait_timeout AS seconds';

describeIf('mariadb', 'a step with a limit on its statements', () => {
  const scene = useScene();

  /** Runs `statement` as the handler of a new saga's step, and answers the limit that it met. */
  async function step(statementMsMax: number | null, statement: string): Promise<number> {
    const [saga] = await holdSagas(scene(), 1);
    const call = { ...callOf(scene(), saga!, 'a'), statementMsMax };
    let limit = 0;
    await scene().store.inStepTransaction(call, never, async (tx) => {
      const rows = await tx.query<{ seconds: string }[]>(LIMIT);
      limit = Number(rows[0]!.seconds);
      await tx.query(statement);
      return null;
    });
    return limit;
  }

  it('gives up waiting for a lock', async () => {
    const { dataSource } = scene();
    await dataSource.query(`INSERT INTO effect (id, name) VALUES (1, 'a')`);
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query(`SELECT * FROM effect WHERE id = 1 FOR UPDATE`);
    const waiting = step(400, `UPDATE effect SET name = 'mine' WHERE id = 1`);
    await expect(waiting).rejects.toMatchObject({ driverError: { errno: 1205 } });
    await other.rollbackTransaction();
    await other.release();
  });

  it('gives the connection back with the limit that it had, which stays where it is shorter', async () => {
    const { dataSource } = scene();
    const usual = Number((await dataSource.query<{ seconds: string }[]>(LIMIT))[0]!.seconds);
    expect(await step(2_400, 'SELECT 1')).toBe(3);
    expect(await step((usual + 100) * 1_000, 'SELECT 1')).toBe(usual);
    expect(await step(null, 'SELECT 1')).toBe(usual);
    expect(Number((await dataSource.query<{ seconds: string }[]>(LIMIT))[0]!.seconds)).toBe(usual);
  });
});
