// Goal: the server itself ends a statement of a handler that takes longer than its call may, also when this process cannot.
// Method: steps with a limit whose signal never aborts; the settings of the connection before and after.
import { newMarker, type Store } from '@tenon/core';
import type { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import { connectApplication, openPostgres } from './open-postgres';

const never = new AbortController().signal;

describeIf('postgres15', 'a step with a limit on its statements', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: Store;
  beforeAll(async () => {
    database = await testDatabase('postgres15');
    dataSource = await connectApplication(database.url);
    ({ store } = await openPostgres(dataSource));
  });
  afterAll(async () => {
    await store.close();
    await dataSource.destroy();
    await database.drop();
  });

  /** Runs `statement` as the handler of a new saga's step, and answers the limit that it met. */
  async function step(statementMsMax: number | null, statement: string): Promise<string> {
    await dataSource.transaction((tx) =>
      store.appendMarkers(tx, [newMarker({ type: 'alpha', payload: {} })]),
    );
    const types = [{ type: 'alpha', version: 1 }];
    const [roles, versions] = [['worker'] as const, { alpha: [1] }];
    const sessionId = await store.openSession({ worker: 'w', sessionMs: 60_000, roles, versions });
    const request = { limit: 1, inlineMax: 1, sessionId, types, requeueMs: 60_000 };
    const [saga] = (await store.takeIn(request)).held;
    const holder = { sagaId: saga!.id, fence: saga!.fence, sessionId };
    const call = { ...holder, step: 's', timeoutMs: 30_000 };
    let limit = '';
    await store.inStepTransaction(
      { ...call, phase: 'action', statementMsMax },
      never,
      async (tx) => {
        const rows = await tx.query<{ statement_timeout: string }[]>('SHOW statement_timeout');
        limit = rows[0]!.statement_timeout;
        await tx.query(statement);
        return null;
      },
    );
    return limit;
  }

  it('has them ended by the server', async () => {
    await expect(step(200, 'SELECT pg_sleep(100)')).rejects.toMatchObject({
      driverError: { code: '57014' },
    });
  });

  it('has none left once it has ended, and none where there is no limit', async () => {
    expect(await step(2_500, 'SELECT 1')).toBe('2500ms');
    expect(await step(null, 'SELECT 1')).toBe('0');
  });

  it("keeps the application's own limit where that is shorter", async () => {
    const name = (
      await dataSource.query<{ name: string }[]>('SELECT current_database() AS name')
    )[0]!.name;
    await dataSource.query(`ALTER DATABASE "${name}" SET statement_timeout = '1min'`);
    await dataSource.destroy();
    await dataSource.initialize();
    expect(await step(600_000, 'SELECT 1')).toBe('1min');
    expect(await step(1_500, 'SELECT 1')).toBe('1500ms');
  });
});
