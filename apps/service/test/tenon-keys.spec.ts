// Goal: an operator gets in by the command that the closed admin API names, and out by the other.
// Method: the command line as a process, beside a running service on the same database.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describeService, until, type ServiceBed } from './service-bed';
import { send, ServiceProcess } from './service-process';

const TENON = path.resolve(__dirname, '../dist/tenon.js');

describeService('the keys', (_server, open) => {
  let bed: ServiceBed;
  beforeAll(async () => (bed = await open()));
  afterAll(async () => bed.close());

  const tenon = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [TENON, ...args], {
      env: { ...process.env, ...bed.env },
    });

  it('open the admin API once one is made, and no more when it is revoked', async () => {
    const service = await ServiceProcess.serving(bed.env);
    const list = (key?: string) =>
      send(
        `${service.url}/v1/admin/sagas`,
        key === undefined ? {} : { headers: { 'x-api-key': key } },
      );
    const closed = await list();
    expect(closed.status).toBe(403);
    expect(closed.body).toMatchObject({
      detail: expect.stringContaining('npm run tenon -- keys create') as unknown,
    });

    const { stdout } = await tenon('keys', 'create', 'ann', '--role', 'operator');
    const key = stdout.trim();
    expect((await list(key)).status).toBe(200);
    expect((await list()).status).toBe(401);
    expect(
      (await send(`${service.url}/v1/admin/audit`, { headers: { 'x-api-key': key } })).status,
    ).toBe(403);

    await tenon('keys', 'create', 'bob');
    await tenon('keys', 'revoke', 'ann');
    await until(
      () => list(key),
      ({ status }) => status === 401,
    );
    await service.stop();
  }, 120_000);

  it('say what is wrong: a name twice, a role that is none, a key that is not there', async () => {
    const failed = (...args: readonly string[]): Promise<unknown> =>
      tenon(...args).then(
        () => 'done',
        (error: unknown) => error,
      );
    expect(await failed('keys', 'create', 'bob')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^[^\n]*bob[^\n]*\n$/) as unknown,
    });
    expect(await failed('keys', 'create', 'eve', '--role', 'king')).toMatchObject({
      stderr: expect.stringContaining('viewer, operator, admin') as unknown,
    });
    expect(await failed('keys', 'revoke', 'nobody')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no living key "nobody"') as unknown,
    });
  }, 60_000);
});
