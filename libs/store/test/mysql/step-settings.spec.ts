// Goal: a handler's transaction has its isolation and its limit of silence, and leaves the application's connection as it was.
// Method: an application with one connection, which the step and the application use in turn.
import { setTimeout as pause } from 'node:timers/promises';
import { mysqlStore } from '@tenon/store';
import { DataSource, type EntityManager } from 'typeorm';
import { describeIf } from '../../../../test/servers';
import { callOf, holdSagas, rowOf, useScene } from './scene';

const ISOLATION = `SELECT trx_isolation_level AS level FROM information_schema.innodb_trx
  WHERE trx_mysql_thread_id = connection_id()`;
const TIMEOUT =
  'SELECT @@SESSION.wait_timeout AS seconds, @@GLOBAL.wait_timeout AS usual, connection_id() AS id';

/** The server answers from a copy, which it renews when nobody has read it for 100 ms. */
async function isolationOf(tx: EntityManager): Promise<string | undefined> {
  await tx.query(`INSERT INTO effect (name) VALUES ('seen')`);
  await pause(200);
  return (await tx.query<{ level: string }[]>(ISOLATION))[0]?.level;
}

interface Timeout {
  readonly seconds: string;
  readonly usual: string;
  readonly id: string;
}

describeIf('mariadb', "a handler's transaction", () => {
  const scene = useScene();

  it.each([undefined, 'SERIALIZABLE'] as const)(
    'of an application with isolation %s is READ COMMITTED, ended after 5 s more of silence than it may take, and leaves nothing behind',
    async (isolationLevel) => {
      const dataSource = await new DataSource({
        ...{ ...scene().dataSource.options, poolSize: 1, isolationLevel },
      } as DataSource['options']).initialize();
      const store = mysqlStore({ dataSource });
      await store.open();
      const [saga] = await holdSagas(scene(), 1);
      const call = { ...callOf(scene(), saga!, 'a'), timeoutMs: 20_000 };
      let inside: readonly Timeout[] = [];
      await store.inStepTransaction(call, new AbortController().signal, async (tx) => {
        inside = await tx.query<readonly Timeout[]>(TIMEOUT);
        expect(await isolationOf(tx)).toBe('READ COMMITTED');
        return [rowOf(1)];
      });
      const [after] = await dataSource.query<readonly Timeout[]>(TIMEOUT);
      expect(Number(inside[0]?.seconds)).toBe(25);
      expect(after?.id).toBe(inside[0]?.id);
      expect(after?.seconds).toBe(after?.usual);
      const theirs = await dataSource.transaction((tx) => isolationOf(tx));
      expect(theirs).toBe(isolationLevel ?? 'REPEATABLE READ');
      await store.close();
      await dataSource.destroy();
    },
  );
});
