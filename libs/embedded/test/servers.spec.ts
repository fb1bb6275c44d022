// Goal: each server comes up, is private, and keeps its data over restarts and crashes.
// Method: start it, write through a real client, end it in each way, and read again.
import { createServer } from 'node:net';
import { join } from 'node:path';

import { Client } from 'pg';

import { type EmbeddedServer, startPostgres } from '@tenon/embedded';
import { describeIf, testFolder } from '../../../test/servers';
import { KINDS, SERVERS } from './clients';
import { processesOf } from './processes';

let folder: Awaited<ReturnType<typeof testFolder>>;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

describe.each(['postgres', 'mariadb', 'redis'] as const)('a private %s', (name) => {
  describeIf(SERVERS[name], 'server', () => {
    const kind = KINDS[name];
    let dataDir: string;
    let server: EmbeddedServer;
    beforeAll(async () => {
      dataDir = join(folder.path, name);
      server = await kind.start({ dataDir });
      await kind.write(server.url, 'first');
    });
    afterAll(() => server.stop());

    it('keeps its data, its url and its port over a restart', async () => {
      const { url, port, pid } = server;
      await server.restart();
      expect({ url: server.url, port: server.port }).toEqual({ url, port });
      expect(server.pid).not.toBe(pid);
      expect(await kind.read(url)).toBe('first');
    });

    it('keeps its data when it is killed', async () => {
      await server.kill();
      expect(processesOf(dataDir)).toEqual([]);
      await expect(kind.read(server.url)).rejects.toThrow();
      await server.restart();
      expect(await kind.read(server.url)).toBe('first');
    });

    it('is found again, on another port, after a stop', async () => {
      await server.stop();
      await server.stop();
      expect(processesOf(dataDir)).toEqual([]);
      server = await kind.start({ dataDir });
      expect(await kind.read(server.url)).toBe('first');
    });

    it('lets nobody in without its password', async () => {
      const url = new URL(server.url);
      url.password = 'wrong';
      await expect(kind.read(url.toString())).rejects.toThrow(/password|WRONGPASS|denied/);
      url.password = '';
      await expect(kind.read(url.toString())).rejects.toThrow(/password|NOAUTH|denied/i);
    });

    it('refuses a second start in the same folder, and names the holder', async () => {
      await expect(kind.start({ dataDir })).rejects.toMatchObject({
        code: 'TENON_DATA_DIR_IN_USE',
        message: expect.stringContaining(`this process (pid ${process.pid})`) as string,
      });
      expect(await kind.read(server.url)).toBe('first');
    });

    it('says so when the port asked for is taken', async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as { port: number };
      const start = kind.start({ dataDir: `${dataDir}-port`, port });
      await expect(start).rejects.toMatchObject({ code: 'TENON_PORT_TAKEN' });
      other.close();
    });
  });
});

describe('a private PostgreSQL', () => {
  it('takes settings', async () => {
    const server = await startPostgres({
      dataDir: join(folder.path, 'settings'),
      settings: { max_connections: '37', fsync: 'off' },
    });
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query('SHOW max_connections');
    await client.end();
    await server.stop();
    expect(rows).toEqual([{ max_connections: '37' }]);
  });

  it('tells the end of its log when it cannot start, and can be started after', async () => {
    const dataDir = join(folder.path, 'wrong-settings');
    await expect(
      startPostgres({ dataDir, settings: { max_connections: 'many' } }),
    ).rejects.toMatchObject({
      code: 'TENON_SERVER_START_FAILED',
      message: expect.stringContaining('invalid value for parameter "max_connections"') as string,
    });
    await (await startPostgres({ dataDir })).stop();
  });

  it('says what to do when its programs are not where they should be', async () => {
    await expect(
      startPostgres({ dataDir: join(folder.path, 'no-programs'), binDir: '/nonexistent' }),
    ).rejects.toMatchObject({
      code: 'TENON_SERVER_UNAVAILABLE',
      message: expect.stringContaining('leave binDir out') as string,
    });
  });
});
