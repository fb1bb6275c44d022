// Goal: connections that die, are cut, hang or are all in use cost a call at most, never the process, a lock or a lease.
// Method: the server ends connections, a proxy swallows the answer to a COMMIT, a pool of one is kept busy.
import { newMarker, type FencedCall, type Store, type Transition } from '@tenon/core';
import { postgresStore } from '@tenon/store';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describeIf, testDatabase, type TestDatabase } from '../../../../test/servers';
import { cutProxy } from '../../../../test/servers/cut-proxy';
import { connectApplication, openPostgres } from './open-postgres';

const ROW: Transition = {
  ...{ seq: 1, step: 'first', phase: 'action', attempt: 1, from: 'ready', to: 'running' },
  ...{ outcome: 'succeeded', errorCode: null, reason: null, result: null, durationMs: 1 },
};

const never = new AbortController().signal;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

describeIf('postgres15', 'connections to PostgreSQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: Store;
  let call: FencedCall;
  beforeAll(async () => {
    database = await testDatabase('postgres15');
    dataSource = await connectApplication(database.url);
  });
  beforeEach(async () => {
    ({ store } = await openPostgres(dataSource));
    const sessionId = await store.openSession({
      worker: 'test',
      sessionMs: 60_000,
      roles: ['worker'],
      versions: { alpha: [1] },
    });
    await dataSource.transaction((tx) =>
      store.appendMarkers(tx, [newMarker({ type: 'alpha', payload: {} })]),
    );
    const types = [{ type: 'alpha', version: 1 }];
    const { held } = await store.takeIn({
      limit: 1,
      inlineMax: 1,
      sessionId,
      types,
      requeueMs: 60_000,
    });
    call = {
      sagaId: held[0]!.id,
      fence: 1,
      sessionId,
      step: 'first',
      phase: 'action',
      timeoutMs: 30_000,
    };
  });
  afterEach(() => store.close());
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** The same database, by another way or with other settings. */
  async function another(
    options: object,
    url = database.url,
  ): Promise<{ readonly store: Store; close(): Promise<void> }> {
    const other = new DataSource({ type: 'postgres', url, ...options });
    await other.initialize();
    const otherStore = postgresStore({ dataSource: other });
    await otherStore.open();
    const close = async (): Promise<void> => {
      await otherStore.close();
      await other.destroy();
    };
    return { store: otherStore, close };
  }

  const endAllConnections = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;

  it('that the server ends while they idle are replaced', async () => {
    await Promise.all(Array.from({ length: 8 }, () => store.heldIds(call.sessionId)));
    await dataSource.query(endAllConnections);
    const found = await store.heldIds(call.sessionId).catch(() => store.heldIds(call.sessionId));
    expect(found).toEqual([call.sagaId]);
  });

  it('that the server ends on their way from the pool to whoever uses them do not end the process', async () => {
    const { master: pool } = dataSource.driver as unknown as { readonly master: Pool };
    // What TypeORM is given, before it listens.
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await dataSource.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
    await ended;
    client.release(true);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('that the server ends under a handler fail that call as unavailable, and leave nothing', async () => {
    const error: unknown = await store
      .inStepTransaction(call, never, async (tx) => {
        await tx.query(`INSERT INTO effect (name) VALUES ('half')`);
        await dataSource.query(endAllConnections);
        await tx.query(`INSERT INTO effect (name) VALUES ('the rest')`);
        return [ROW];
      })
      .catch((thrown: unknown) => thrown);
    expect(store.classify(error)).toBe('unavailable');
    expect(await dataSource.query('SELECT * FROM effect')).toEqual([]);
    expect(await store.inStepTransaction(call, never, async () => [ROW])).toBe('committed');
  });

  it('M1: a COMMIT whose answer is lost is an error, and the history tells that it happened', async () => {
    const proxy = await cutProxy(database.url);
    const cut = await another({}, proxy.url);
    const error: unknown = await cut.store
      .inStepTransaction(call, never, async (tx) => {
        await tx.query(`INSERT INTO effect (name) VALUES ('once')`);
        proxy.cut('answer', (message) => message.includes('COMMIT'));
        return [ROW];
      })
      .catch((thrown: unknown) => thrown);
    expect(store.classify(error)).toBe('unavailable');
    expect((await store.load([call.sagaId], call.sessionId))[0]?.history).toHaveLength(1);
    expect(await store.inStepTransaction(call, never, async () => [ROW])).toBe('overtaken');
    expect(await dataSource.query('SELECT name FROM effect')).toEqual([{ name: 'once' }]);
    await cut.close();
    await proxy.close();
  });

  it('that cannot be had are unavailable', async () => {
    const nowhere = new DataSource({ type: 'postgres', host: '127.0.0.1', port: 1 });
    const error: unknown = await postgresStore({ dataSource: nowhere })
      .open()
      .catch((thrown: unknown) => thrown);
    expect(store.classify(error)).toBe('unavailable');
  });

  it('of the application may all be in use: the lease is renewed all the same', async () => {
    const small = await another({ poolSize: 1 });
    let finish = (): void => undefined;
    const running = small.store.inStepTransaction(call, never, async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
        void small.store.renewSession(call.sessionId, 60_000).then(() => resolve());
      });
      return [ROW];
    });
    expect(await running).toBe('committed');
    finish();
    await small.close();
  });

  it('of the application may all be in use: who waits for one can be aborted, and takes none with it', async () => {
    const small = await another({ poolSize: 1 });
    const abort = new AbortController();
    const waiting: Promise<unknown>[] = [];
    const first = await small.store.inStepTransaction(call, never, async () => {
      waiting.push(
        small.store.inStepTransaction({ ...call, step: 'second' }, abort.signal, async () => [ROW]),
      );
      const outcome = expect(waiting[0]).rejects.toThrow('enough');
      abort.abort(new Error('enough'));
      await outcome;
      return [ROW];
    });
    expect(first).toBe('committed');
    expect(await small.store.inStepTransaction(call, never, async () => [])).toBe('overtaken');
    await small.close();
  });

  it.each([
    ['sleeps on the server', `SELECT pg_sleep(600)`],
    ['waits for a lock that nobody gives back', `LOCK TABLE repair_run IN ACCESS EXCLUSIVE MODE`],
  ])(
    'of a handler that %s end with its time, and what it locked is free at once',
    async (_, statement) => {
      const blocker = dataSource.createQueryRunner();
      await blocker.startTransaction();
      await blocker.query('LOCK TABLE repair_run IN ACCESS SHARE MODE');
      const abort = new AbortController();
      const call2 = store.inStepTransaction(call, abort.signal, async (tx) => {
        await tx.query(`INSERT INTO effect (name) VALUES ('half')`);
        const [locked] = await Promise.allSettled([tx.query(statement), abortSoon(abort)]);
        throw locked.status === 'rejected' ? locked.reason : new Error('not aborted');
      });
      await expect(call2).rejects.toThrow('out of time');
      expect(await store.inStepTransaction(call, never, async () => [ROW])).toBe('committed');
      await blocker.rollbackTransaction();
      await blocker.release();
      expect(await dataSource.query('SELECT * FROM effect')).toEqual([]);
    },
  );

  /** Aborts when the handler's statement has reached the server. */
  async function abortSoon(abort: AbortController): Promise<void> {
    await until(async () => {
      const [row] = await dataSource.query<{ readonly n: number }[]>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event IN ('PgSleep', 'relation')`,
      );
      return row!.n > 0;
    });
    abort.abort(new Error('out of time'));
  }
});
