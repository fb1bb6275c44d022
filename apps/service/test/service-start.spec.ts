// Goal: the service starts where it can, says what it chose, waits for what will come, and refuses what never will.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { testFolder } from '../../../test/servers';
import { describeService, until, type ServiceBed } from './service-bed';
import { Gate } from './gate';
import { send, ServiceProcess, post, upload } from './service-process';

describe('the service, embedded', () => {
  let folder: Awaited<ReturnType<typeof testFolder>>;
  beforeAll(async () => (folder = await testFolder()));
  afterAll(async () => folder.remove());

  it('needs nothing, keeps its data, and leaves nothing running', async () => {
    const first = await ServiceProcess.serving({}, folder.path);
    expect(first.stdout).toMatch(
      /embedded PostgreSQL at 127\.0\.0\.1:\d+\/tenon; BullMQ in the same database/,
    );
    await upload(`${first.url}/v1/accounts/import?openingBalance=1.00`, '"account_id"\nkept\n');
    expect(await first.stop()).toMatchObject({ code: 0 });

    const second = await ServiceProcess.serving({}, folder.path);
    expect((await send(`${second.url}/v1/accounts/kept`)).body).toMatchObject({ balance: '1.00' });
    expect(await second.stop('SIGINT')).toMatchObject({ code: 0 });
  }, 120_000);
});

describeService('the start', (_server, open) => {
  let bed: ServiceBed;
  beforeAll(async () => (bed = await open()));
  afterAll(async () => bed.close());

  it('waits for a database that is not there, and says that it lives', async () => {
    const gate = new Gate(bed.databaseUrl);
    const service = new ServiceProcess({ ...bed.env, DATABASE_URL: await gate.url() });
    await service.hasSaid(/does not answer/);
    expect((await send(`${service.url}/health/live`)).status).toBe(200);
    for (const path of ['/health/ready', '/v1/transfers/1', '/metrics']) {
      const { status, headers } = await send(service.url + path);
      expect([status, headers.get('retry-after')]).toEqual([503, '2']);
    }
    await gate.open();
    await service.hasSaid(/Tenon serves/);
    await until(
      () => send(`${service.url}/health/ready`),
      ({ status }) => status === 200,
    );

    // It goes away again, and comes back.
    await gate.close();
    const lost = await until(
      () => post(`${service.url}/v1/banks/AB/open`, {}),
      ({ status }) => status === 503,
    );
    expect(lost.headers.get('retry-after')).not.toBeNull();
    expect((await send(`${service.url}/health/live`)).status).toBe(200);
    expect((await send(`${service.url}/health/ready`)).status).toBe(503);
    expect((await send(`${service.url}/metrics`)).status).toBe(200);
    await gate.open();
    await until(
      () => post(`${service.url}/v1/banks/AB/open`, {}),
      ({ status }) => status === 200,
    );
    await until(
      () => send(`${service.url}/health/ready`),
      ({ status }) => status === 200,
    );
    expect(await service.stop()).toMatchObject({ code: 0 });
    await gate.close();
  }, 120_000);

  it('ends at once when it is told to while it waits', async () => {
    const gate = new Gate(bed.databaseUrl);
    const service = new ServiceProcess({ ...bed.env, DATABASE_URL: await gate.url() });
    await service.hasSaid(/does not answer/);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  it('serves health and metrics alone without the role api', async () => {
    const service = await ServiceProcess.serving({ ...bed.env, TENON_ROLES: 'relay,worker' });
    expect((await send(`${service.url}/health/ready`)).status).toBe(200);
    expect((await send(`${service.url}/metrics`)).status).toBe(200);
    for (const path of ['/v1/transfers/report', '/v1/admin/sagas', '/docs', '/docs-json']) {
      expect((await send(service.url + path)).status).toBe(404);
    }
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  it('refuses settings that cannot be used, a taken port, and a newer schema', async () => {
    const wrong = await new ServiceProcess({ ...bed.env, PORT: 'x', TENON_ROLES: 'boss' }).end();
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/- PORT .*\n- TENON_ROLES /),
    ]);

    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    const taken = await new ServiceProcess({ ...bed.env, PORT: port }).end();
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringMatching(/EADDRINUSE/)]);
    other.close();

    await bed.remains.query('INSERT INTO tenon_schema (version) VALUES (999)');
    const newer = await new ServiceProcess(bed.env).end();
    expect([newer.code, newer.stderr]).toEqual([3, expect.stringMatching(/version 999/)]);
  }, 60_000);
});
