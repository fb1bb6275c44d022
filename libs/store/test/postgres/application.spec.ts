// Goal: the store lives in an application as it is: its SQL, its settings, its habits with transactions.
// Method: a real DataSource, used as applications use it, good and bad manners alike.
import type { FencedCall, HeldSaga, Store, TakeRequest, Transition } from '@tenon/core';
import { newMarker } from '@tenon/core';
import { postgresStore } from '@tenon/store';
import { types as driverTypes } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import { connectApplication, openPostgres } from './open-postgres';

const TYPES: TakeRequest['types'] = [{ type: 'alpha', version: 1 }];
const ROW: Transition = {
  ...{ seq: 1, step: 'first', phase: 'action', attempt: 1, from: 'ready', to: 'running' },
  ...{ outcome: 'succeeded', errorCode: null, reason: null, result: null, durationMs: 1 },
};

describeIf('postgres15', 'an application on PostgreSQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: Store;
  let sessionId: string;
  beforeAll(async () => {
    database = await testDatabase('postgres15');
    dataSource = await connectApplication(database.url);
  });
  beforeEach(async () => {
    ({ store } = await openPostgres(dataSource));
    sessionId = await store.openSession({
      worker: 'test',
      sessionMs: 60_000,
      roles: ['worker'],
      versions: { alpha: [1] },
    });
  });
  afterEach(() => store.close());
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const takeIn = async (): Promise<readonly HeldSaga[]> => {
    const request = { limit: 100, inlineMax: 100, sessionId, types: TYPES, requeueMs: 60_000 };
    return (await store.takeIn(request)).held;
  };
  const append = (): Promise<unknown> =>
    dataSource.transaction((tx) =>
      store.appendMarkers(tx, [newMarker({ type: 'alpha', payload: {} })]),
    );
  const callOf = ({ id, fence }: HeldSaga): FencedCall => {
    return { sagaId: id, fence, sessionId, step: 'first', phase: 'action', timeoutMs: 30_000 };
  };
  const run = async (work: (tx: EntityManager) => Promise<unknown>): Promise<unknown> => {
    await append();
    const [saga] = await takeIn();
    return store.inStepTransaction(callOf(saga!), new AbortController().signal, async (tx) => {
      await work(tx);
      return [ROW];
    });
  };

  it('appends in plain SQL, with as little as three columns', async () => {
    await dataSource.query(
      `INSERT INTO op_log (op_type, op_key, payload) VALUES ('alpha', '576', '{"amount": "12.30"}')`,
    );
    expect(await takeIn()).toMatchObject([
      { type: 'alpha', key: '576', payload: { amount: '12.30' } },
    ]);
  });

  it('keeps keys apart that a careless comparison takes for one', async () => {
    const keys = ['Abc', 'abc', 'Ábc', 'Abc ', 'A\u0301bc'];
    const values = keys.map((_, index) => `('alpha', $${index + 1})`).join(', ');
    await dataSource.query(`INSERT INTO op_log (op_type, op_key) VALUES ${values}`, keys);
    expect((await takeIn()).map(({ key }) => key)).toEqual(keys);
  });

  it('may hand in a QueryRunner as well as an EntityManager', async () => {
    const runner = dataSource.createQueryRunner();
    const callback = jest.fn();
    await runner.startTransaction();
    await store.appendMarkers(runner, [newMarker({ type: 'alpha', payload: {} })]);
    store.afterCommit(runner, callback);
    expect(callback).not.toHaveBeenCalled();
    await runner.commitTransaction();
    await runner.release();
    expect(callback).toHaveBeenCalledTimes(1);
    expect(await takeIn()).toHaveLength(1);
    await expect(store.appendMarkers(runner, [])).rejects.toMatchObject({
      code: 'TENON_NOT_IN_TRANSACTION',
    });
  });

  it('may teach the driver other types', async () => {
    const { INT8, JSONB, TIMESTAMPTZ } = driverTypes.builtins;
    const builtIn = [INT8, JSONB, TIMESTAMPTZ].map(
      (oid) => [oid, driverTypes.getTypeParser(oid) as (text: string) => unknown] as const,
    );
    for (const [oid] of builtIn) driverTypes.setTypeParser(oid, () => 'something else');
    try {
      await dataSource.query(`INSERT INTO op_log (op_type, payload) VALUES ('alpha', '{"a": 1}')`);
      const [saga] = await takeIn();
      expect(saga).toMatchObject({
        id: expect.stringMatching(/^\d+$/) as unknown,
        payload: { a: 1 },
      });
      expect((await store.findSaga(saga!.id))?.createdAt.getTime()).toBeGreaterThan(0);
    } finally {
      for (const [oid, parser] of builtIn) driverTypes.setTypeParser(oid, parser);
    }
  });

  it('nests transactions in a handler, and one that fails there undoes only itself', async () => {
    const commit = await run(async (tx) => {
      await tx.query(`INSERT INTO effect (name) VALUES ('kept')`);
      const nested = tx.transaction(async (inner) => {
        await inner.query(`INSERT INTO effect (name) VALUES ('lost')`);
        throw new Error('changed my mind');
      });
      await nested.catch(() => undefined);
    });
    expect(commit).toBe('committed');
    expect(await dataSource.query(`SELECT name FROM effect`)).toEqual([{ name: 'kept' }]);
  });

  it.each([
    [
      'commits the transaction that it was given',
      (tx: EntityManager) => tx.queryRunner!.commitTransaction(),
    ],
    ['commits it behind the back of TypeORM', (tx: EntityManager) => tx.query('COMMIT')],
    ['leaves a nested transaction open', (tx: EntityManager) => tx.queryRunner!.startTransaction()],
  ])('is told when a handler %s', async (_, work) => {
    await expect(run(work)).rejects.toMatchObject({ code: 'TENON_USAGE' });
    expect(await dataSource.query(`SELECT count(*)::int AS n FROM saga_transition`)).toEqual([
      { n: 0 },
    ]);
  });

  it.each([
    ['a DataSource that asks for another', { isolationLevel: 'SERIALIZABLE' } as const],
    [
      'a role whose default is another',
      { extra: { options: '-c default_transaction_isolation=serializable' } },
    ],
  ])('runs handlers at READ COMMITTED, with %s', async (_, options) => {
    await append();
    const [saga] = await takeIn();
    const strict = new DataSource({ type: 'postgres', url: database.url, ...options });
    await strict.initialize();
    const strictStore = postgresStore({ dataSource: strict });
    await strictStore.open();
    const levels: unknown[] = [];
    await strictStore.inStepTransaction(callOf(saga!), new AbortController().signal, async (tx) => {
      levels.push(await tx.query('SHOW transaction_isolation'));
      return [ROW];
    });
    await strictStore.close();
    await strict.destroy();
    expect(levels).toEqual([[{ transaction_isolation: 'read committed' }]]);
  });

  it("keeps the start options of its connections for the engine's", async () => {
    const options = '-c search_path=elsewhere';
    await dataSource.query('CREATE SCHEMA elsewhere');
    const other = new DataSource({ type: 'postgres', url: database.url, extra: { options } });
    const otherStore = postgresStore({ dataSource: other });
    await otherStore.migrate();
    await otherStore.open();
    await otherStore.openSession({
      worker: 'elsewhere',
      sessionMs: 1_000,
      roles: [],
      versions: {},
    });
    await otherStore.close();
    expect(await dataSource.query('SELECT worker FROM elsewhere.worker_session')).toEqual([
      { worker: 'elsewhere' },
    ]);
    await dataSource.query('DROP SCHEMA elsewhere CASCADE');
  });
});
