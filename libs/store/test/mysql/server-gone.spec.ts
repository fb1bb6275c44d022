// Goal: a server that dies and comes back costs errors that say so, no process, and no commit that was answered.
// Method: a private server, killed while the store uses it and while it rests, and started again.
import { startMariadb, type EmbeddedServer } from '@tenon/embedded';
import { newMarker, type Store } from '@tenon/core';
import { mysqlStore } from '@tenon/store';
import type { DataSource } from 'typeorm';
import { describeIf, testFolder } from '../../../../test/servers';
import { connectApplication } from './open-mysql';
import { TYPES } from './scene';

describeIf('mariadb', 'a server that dies', () => {
  let folder: Awaited<ReturnType<typeof testFolder>>;
  let server: EmbeddedServer;
  let dataSource: DataSource;
  let store: Store;
  beforeAll(async () => {
    folder = await testFolder();
    server = await startMariadb({ dataDir: `${folder.path}/data` });
    dataSource = await connectApplication(server.url);
    store = mysqlStore({ dataSource });
    await store.open();
  });
  afterAll(async () => {
    await store.close();
    await dataSource.destroy();
    await server.stop();
    await folder.remove();
  });

  const kindOf = (answer: Promise<unknown>): Promise<string> =>
    answer.then(
      () => 'done',
      (error: unknown) => store.classify(error),
    );

  it('is unavailable until it is back, and then goes on with what was committed', async () => {
    const sessionId = await store.openSession({
      worker: 'w',
      sessionMs: 3_600_000,
      roles: ['worker'],
      versions: { transfer: [1] },
    });
    const [appended] = await dataSource.transaction((tx) =>
      store.appendMarkers(tx, [newMarker({ type: 'transfer', key: 'a', payload: {} })]),
    );
    const request = { limit: 9, inlineMax: 9, sessionId, types: TYPES, requeueMs: 60_000 };
    const { held } = await store.takeIn(request);
    expect(held).toMatchObject([{ id: appended!.id }]);

    const call = {
      sagaId: held[0]!.id,
      fence: 1,
      sessionId,
      step: 's',
      phase: 'action',
      timeoutMs: 30_000,
    } as const;
    let enter = (): void => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const step = kindOf(
      store.inStepTransaction(call, new AbortController().signal, async (tx) => {
        enter();
        await tx.query('SELECT sleep(60)');
        return [];
      }),
    );
    await entered;
    await server.kill();
    expect(await step).toBe('unavailable');
    for (let times = 0; times < 6; times++) {
      expect(await kindOf(store.takeIn(request))).toBe('unavailable');
    }
    expect(await kindOf(mysqlStore({ dataSource }).open())).toBe('unavailable');

    await server.restart();
    expect(await store.renewSession(sessionId, 3_600_000)).toBe(true);
    expect(await store.load([appended!.id], sessionId)).toMatchObject([{ history: [] }]);
    expect(
      await kindOf(store.inStepTransaction(call, new AbortController().signal, async () => null)),
    ).toBe('done');
  }, 120_000);

  it('may die while nobody asks it anything', async () => {
    await server.restart();
    expect(await kindOf(store.nextDueMs(TYPES, 1_000))).toMatch(/done|unavailable/);
    expect(await store.nextDueMs(TYPES, 1_000)).toBe(1_000);
  }, 120_000);
});
