// Goal: however a process ends, nothing that it started outlives it.
// Method: a holder process starts servers; it is ended in each way; then no process may be left in its folder.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describeIf, testFolder } from '../../../test/servers';
import { KINDS } from './clients';
import { exitOf, processesOf, ready, spawnHolder, until } from './processes';

describeIf(['mariadb', 'redis'], 'the servers of a process that', () => {
  let folder: Awaited<ReturnType<typeof testFolder>>;
  beforeEach(async () => {
    folder = await testFolder();
  });
  afterEach(() => folder.remove());

  it.each([
    ['is killed', (pid: number) => process.kill(pid, 'SIGKILL')],
    ['is asked to end', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['gets Ctrl-C from its terminal', (pid: number) => process.kill(-pid, 'SIGINT')],
  ])('%s are shut down', async (_, end) => {
    const holder = spawnHolder(folder.path, 'postgres', 'mariadb', 'redis');
    await ready(holder);
    await exitOf(holder, end);
    await until(() => processesOf(folder.path).length === 0);

    const { start } = KINDS.postgres;
    const server = await start({ dataDir: join(folder.path, 'postgres') });
    await server.stop();
    expect(await readFile(server.logFile, 'utf8')).not.toContain('was not properly shut down');
  });

  it('has nothing more to do are shut down: they do not keep it alive', async () => {
    const holder = spawnHolder(folder.path, 'postgres', 'redis');
    await ready(holder);
    expect(await exitOf(holder, () => holder.stdin!.end())).toEqual([0, null]);
    await until(() => processesOf(folder.path).length === 0);
  });

  it.each(['postgres', 'mariadb'] as const)(
    'is killed in the middle of its first start of %s do not block the next',
    async (kind) => {
      const holder = spawnHolder(folder.path, kind);
      const dataDir = join(folder.path, kind);
      await until(() => processesOf(join(dataDir, 'data')).length > 0); // The program that makes the cluster.
      await exitOf(holder, (pid) => process.kill(pid, 'SIGKILL'));
      const server = await KINDS[kind].start({ dataDir });
      await KINDS[kind].write(server.url, 'kept');
      await server.stop();
    },
  );
});
