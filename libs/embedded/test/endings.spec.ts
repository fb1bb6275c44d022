// Goal: however a process ends, nothing that it started outlives it.
// Method: a holder process starts servers; it is ended in each way; then no process may be left in its folder.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describeIf, testFolder } from '../../../test/servers';
import { KINDS, SERVERS } from './clients';
import { exitOf, processesOf, ready, spawnHolder, until } from './processes';

let folder: Awaited<ReturnType<typeof testFolder>>;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder.remove());

describe('the servers of a process that', () => {
  it.each([
    ['is killed', (pid: number) => process.kill(pid, 'SIGKILL')],
    ['is asked to end', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['gets Ctrl-C from its terminal', (pid: number) => process.kill(-pid, 'SIGINT')],
  ])('%s are shut down', async (_, end) => {
    const holder = spawnHolder(folder.path, 'postgres');
    await ready(holder);
    await exitOf(holder, end);
    await until(() => processesOf(folder.path).length === 0);

    const server = await KINDS.postgres.start({ dataDir: join(folder.path, 'postgres') });
    await server.stop();
    expect(await readFile(server.logFile, 'utf8')).not.toContain('was not properly shut down');
  });

  it('has nothing more to do are shut down: they do not keep it alive', async () => {
    const holder = spawnHolder(folder.path, 'postgres');
    await ready(holder);
    expect(await exitOf(holder, () => holder.stdin!.end())).toEqual([0, null]);
    await until(() => processesOf(folder.path).length === 0);
  });
});

describeIf(['mariadb', 'redis'], 'several servers', () => {
  it('are all shut down when their process is killed', async () => {
    const holder = spawnHolder(folder.path, 'postgres', 'mariadb', 'redis');
    await ready(holder);
    await exitOf(holder, (pid) => process.kill(pid, 'SIGKILL'));
    await until(() => processesOf(folder.path).length === 0);
  });
});

describe.each(['postgres', 'mariadb'] as const)('the set-up of %s', (kind) => {
  describeIf(SERVERS[kind], 'in a new folder', () => {
    it('is begun again when its process was killed in the middle', async () => {
      const dataDir = join(folder.path, kind);
      const holder = spawnHolder(folder.path, kind);
      await until(() => processesOf(join(dataDir, 'data')).length > 0);
      await exitOf(holder, (pid) => process.kill(pid, 'SIGKILL'));
      const server = await KINDS[kind].start({ dataDir });
      await KINDS[kind].write(server.url, 'kept');
      await server.stop();
    });
  });
});
