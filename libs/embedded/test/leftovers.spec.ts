// Goal: what a crash leaves in a data folder never blocks the next start, and never lets two processes share it.
// Method: make each kind of leftover, by crash or by hand, and start again.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startPostgres } from '@tenon/embedded';
import { describeIf, testFolder } from '../../../test/servers';
import { KINDS, SERVERS } from './clients';
import { exitOf, processesOf, ready, spawnHolder, until } from './processes';

let folder: Awaited<ReturnType<typeof testFolder>>;
let dataDir: string;
beforeEach(async () => {
  folder = await testFolder();
  dataDir = join(folder.path, 'postgres');
});
afterEach(async () => {
  // Only a test that failed leaves some: it killed the guardian that would have ended them.
  processesOf(folder.path).forEach((pid) => process.kill(pid, 'SIGKILL'));
  await folder.remove();
});

describe('a data folder', () => {
  it('belongs to one process; another is told which', async () => {
    const holder = spawnHolder(folder.path, 'postgres');
    await ready(holder);
    await expect(startPostgres({ dataDir })).rejects.toMatchObject({
      code: 'TENON_DATA_DIR_IN_USE',
      message: expect.stringContaining(
        `the process ${holder.pid}. Use that one, stop it`,
      ) as string,
    });
    await exitOf(holder, (pid) => process.kill(pid, 'SIGKILL'));
    // Its guardian may still be stopping the server.
    await (await startPostgres({ dataDir })).stop();
  });

  it('held by a process that is gone is taken over, even if its pid lives again', async () => {
    await (await startPostgres({ dataDir })).stop();
    for (const holder of [{ pid: 2 ** 22 + 1 }, { pid: process.pid, birth: 'another' }]) {
      await writeFile(join(dataDir, 'lock.json'), JSON.stringify(holder));
      await (await startPostgres({ dataDir })).stop();
    }
    await writeFile(join(dataDir, 'lock.json'), '');
    await (await startPostgres({ dataDir })).stop();
  });

  it('of a first start that was cut off is begun again', async () => {
    await (await startPostgres({ dataDir })).stop();
    await writeFile(join(dataDir, 'state.json'), '{"kind":"postgres","isComplete":false}');
    await rm(join(dataDir, 'data', 'global'), { recursive: true });
    await (await startPostgres({ dataDir })).stop();
  });

  it('that holds something else is left alone', async () => {
    await mkdir(join(dataDir, 'data'), { recursive: true });
    await writeFile(join(dataDir, 'data', 'mine.txt'), 'precious');
    const start = startPostgres({ dataDir });
    await expect(start).rejects.toMatchObject({ code: 'TENON_DATA_DIR_UNUSABLE' });
    expect(await readFile(join(dataDir, 'data', 'mine.txt'), 'utf8')).toBe('precious');
  });

  it('with the pid of another living process in postmaster.pid is used', async () => {
    await (await startPostgres({ dataDir })).stop();
    // As in a container, where the pid of the crashed server soon belongs to another of the same account.
    const account = process.getuid!() === 0 ? { uid: 65534, gid: 65534 } : {};
    const other = spawn('sleep', ['60'], { ...account, cwd: '/' });
    const note = [other.pid, join(dataDir, 'data'), 0, 5432, '', '127.0.0.1', '', 'ready', ''];
    await writeFile(join(dataDir, 'data', 'postmaster.pid'), note.join('\n'), { mode: 0o644 });
    await (await startPostgres({ dataDir })).stop();
    other.kill();
  });
});

describe.each(['postgres', 'mariadb', 'redis'] as const)(
  '%s, killed with its guardian,',
  (kind) => {
    describeIf(SERVERS[kind], 'left running', () => {
      it('is ended by the next start', async () => {
        const holder = spawnHolder(folder.path, kind);
        await ready(holder);
        dataDir = join(folder.path, kind);
        const [server] = processesOf(join(dataDir, 'data'));
        const guardians = (): number[] => {
          const known = [holder.pid, ...processesOf(dataDir)];
          return processesOf(folder.path).filter((pid) => !known.includes(pid));
        };
        await until(() => guardians().length === 1); // A former one, of a fetched server, may be leaving.
        process.kill(guardians()[0]!, 'SIGKILL');
        await exitOf(holder, (pid) => process.kill(pid, 'SIGKILL'));
        expect(processesOf(dataDir)).toContain(server);

        const next = await KINDS[kind].start({ dataDir });
        expect(processesOf(dataDir)).not.toContain(server);
        await KINDS[kind].write(next.url, 'kept');
        await next.stop();
      });
    });
  },
);
