// Goal: nothing of the admin API is open to anyone without a key whose role suffices, whatever way the request takes.
// Method: a crawler over the OpenAPI document, with no key, a made-up one and one of each role; the router is asked whether
// the document is complete. One database suffices: the SQL of keys is covered by the store's own suite.
import type { OperatorRole } from '@tenon/core';
import { createKey, OPERATOR_ROLES, revokeKey, ROLE_EXTENSION } from '@tenon/admin';
import request from 'supertest';

import { describeIf } from '../../../test/servers';
import { COMMAND, openAdminBed, type AdminBed } from './admin-bed';

interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
  readonly [ROLE_EXTENSION]?: OperatorRole;
}
interface Endpoint extends Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
}

describeIf('postgres18', 'the admin API', () => {
  let bed: AdminBed;
  let endpoints: readonly Endpoint[];
  beforeAll(async () => {
    bed = await openAdminBed('postgres18');
    const { text } = await bed.get('/docs-json', null);
    const { paths } = JSON.parse(text) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    };
    endpoints = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        method: method as Endpoint['method'],
        path: path.replace('{id}', '9000000000').replace('{type}', 'nothing'),
      })),
    );
  });
  afterAll(() => bed.close());

  const ask = (endpoint: Pick<Endpoint, 'method' | 'path'>, key: string | null) => {
    const asked = request(bed.url)[endpoint.method](endpoint.path);
    if (key !== null) void asked.set('x-api-key', key);
    return endpoint.method === 'post' ? asked.send({ reason: 'crawled' }) : asked;
  };

  it('is documented whole: role, security, answer and every error of each endpoint', () => {
    expect(endpoints.length).toBeGreaterThanOrEqual(19);
    for (const { path, security, responses, [ROLE_EXTENSION]: role } of endpoints) {
      expect([path, security]).toEqual([path, [{ 'x-api-key': [] }]]);
      expect(OPERATOR_ROLES).toContain(role);
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining(['200', '400', '401', '403', '500', '503']),
      );
      for (const [status, { content }] of Object.entries(responses))
        expect(content).toEqual({
          [status === '200' ? 'application/json' : 'application/problem+json']: {
            schema: expect.objectContaining({ type: 'object' }) as unknown,
          },
        });
    }
  });

  it('has no route that the document leaves out', async () => {
    const documented = endpoints.map(({ method, path }) => `${method} ${path}`).sort();
    const served = await bed.routes();
    const routes = served
      .filter(({ path }) => path.startsWith('/v1/admin'))
      .map(
        ({ method, path }) =>
          `${method} ${path.replace(':id', '9000000000').replace(':type', 'nothing')}`,
      );
    expect(routes.sort()).toEqual(documented);
  });

  it('asks everyone for a key', async () => {
    for (const endpoint of endpoints)
      for (const key of [null, '', 'tnn_made-up', 'x'.repeat(5_000), '\u00ff', '__proto__']) {
        const answer = await ask(endpoint, key);
        expect([endpoint.path, key, answer.status]).toEqual([endpoint.path, key, 401]);
        expect(answer.headers['www-authenticate']).toBeDefined();
        expect(answer.headers['content-type']).toContain('application/problem+json');
        expect(answer.body).toMatchObject({ status: 401, code: 'TENON_UNAUTHENTICATED' });
      }
  });

  it.each(OPERATOR_ROLES)('lets the role %s do what is its own, and no more', async (role) => {
    for (const endpoint of endpoints) {
      const needed = endpoint[ROLE_EXTENSION] ?? 'admin';
      const mayPass = OPERATOR_ROLES.indexOf(role) >= OPERATOR_ROLES.indexOf(needed);
      const answer = await ask(endpoint, bed.keys[role]);
      const { status } = answer;
      expect([endpoint.method, endpoint.path, mayPass ? status : 403]).toEqual([
        endpoint.method,
        endpoint.path,
        status,
      ]);
      if (mayPass) expect([200, 404]).toContain(status);
      else expect(answer.body).toMatchObject({ code: 'TENON_FORBIDDEN' });
    }
  });

  it.each([
    '/%61dmin/sagas',
    '/v1/%61dmin/sagas',
    '//v1/admin/sagas',
    '/v1//admin/sagas',
    '/v1/admin//sagas',
    '/V1/ADMIN/SAGAS',
    '/v1/admin/sagas/',
    '/v1/admin/sagas/./',
    '/v1/x/../admin/sagas',
    '/v1/admin/%73agas',
    '/v1/admin/sagas;x=1',
    '/v1/admin/sagas%2f',
    '/v1/admin/sagas%00',
    '/v1/admin%2fsagas',
    '/v1\\admin\\sagas',
  ])('is closed by way of %s', async (path) => {
    const status = await bed.rawStatus(path);
    expect([401, 404]).toContain(status);
  });

  it('is closed to HEAD, and answers OPTIONS with nothing of value', async () => {
    expect((await request(bed.url).head('/v1/admin/sagas')).status).toBe(401);
    const options = await request(bed.url).options('/v1/admin/sagas');
    expect(options.text).not.toContain('items');
  });

  it('forgets a key that was revoked, and keeps nothing but its hash', async () => {
    const { store } = bed.engine.operator;
    const key = await createKey(store, { name: 'guest', role: 'viewer' }, COMMAND);
    expect(key).toMatch(/^tnn_[\w-]{43}$/);
    const sagas = { method: 'get', path: '/v1/admin/sagas' } as const;
    expect((await ask(sagas, key)).status).toBe(200);
    const kept = JSON.stringify([
      await bed.rows('SELECT * FROM admin_key'),
      await bed.rows('SELECT * FROM admin_audit'),
      (await bed.get('/v1/admin/keys', 'admin')).body,
      (await bed.get('/v1/admin/audit', 'admin')).body,
    ]);
    expect(kept).toContain('guest');
    expect(kept).not.toContain(key.slice(4));
    expect(await revokeKey(store, 'guest', COMMAND)).toBe(true);
    expect((await ask(sagas, key)).status).toBe(401);
    expect(await revokeKey(store, 'guest', COMMAND)).toBe(false);
  });

  it('refuses a name twice, and names and roles that cannot be', async () => {
    const { store } = bed.engine.operator;
    const make = (name: string, role: string) =>
      createKey(store, { name, role: role as OperatorRole }, COMMAND);
    await expect(make('the-admin', 'viewer')).rejects.toMatchObject({ code: 'TENON_USAGE' });
    for (const name of ['', 'a b', 'a\0', 'x'.repeat(101)])
      await expect(make(name, 'viewer')).rejects.toMatchObject({ code: 'TENON_USAGE' });
    await expect(make('other', 'root')).rejects.toMatchObject({ code: 'TENON_USAGE' });
  });
});

describeIf('postgres18', 'the admin API without a key', () => {
  let bed: AdminBed;
  beforeAll(async () => {
    bed = await openAdminBed('postgres18', { withKeys: false });
  });
  afterAll(() => bed.close());

  it('is closed, and says how to make one', async () => {
    for (const key of [null, 'tnn_made-up']) {
      const asked = request(bed.url).get('/v1/admin/sagas');
      if (key !== null) void asked.set('x-api-key', key);
      const answer = await asked;
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({
        code: 'TENON_NO_KEYS',
        detail: expect.stringContaining('npm run tenon -- keys create') as unknown,
      });
    }
  });

  it('opens with the first key, and closes with the last', async () => {
    const { store } = bed.engine.operator;
    const key = await createKey(store, { name: 'first', role: 'viewer' }, COMMAND);
    const status = async () =>
      (await request(bed.url).get('/v1/admin/sagas').set('x-api-key', key)).status;
    expect(await status()).toBe(200);
    await revokeKey(store, 'first', COMMAND);
    expect(await status()).toBe(403);
  });
});
