// Goal: whatever is sent, the answer is a problem that says what is wrong: never a 500, a stack, SQL or a secret.
// Method: a table of what people and attackers send, on both databases; then a database that goes away.
import { startPostgres } from '@tenon/embedded';
import request from 'supertest';

import { describeIf, testFolder } from '../../../test/servers';
import { DATABASES, eventually, openAdminBed, type AdminBed, type Answer } from './admin-bed';

const SAGAS = '/v1/admin/sagas';

describeIf(DATABASES, 'bad input', () => {
  describe.each(DATABASES)('on %s', (server) => {
    let bed: AdminBed;
    beforeAll(async () => {
      bed = await openAdminBed(server);
    });
    afterAll(() => bed.close());

    const expectProblem = (answer: Answer, status: number): void => {
      expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).toEqual(
        expect.objectContaining({
          type: expect.stringContaining('urn:tenon:error:') as unknown,
          title: expect.any(String) as unknown,
          status,
          detail: expect.any(String) as unknown,
          code: expect.stringMatching(/^[A-Z]+_\w+$/) as unknown,
          instance: expect.stringMatching(/^\//) as unknown,
        }),
      );
      expect(answer.text).not.toMatch(/select |insert |node_modules|\bat .*:\d+:\d+/i);
    };

    it.each([
      ['an unknown field', '?colour=red', 'The fields are: state, status, type, key, createdFrom'],
      ['an unknown sort field', '?sort=createdAt', '-id (newest first), id'],
      ['an unknown state', '?state=lost', 'ready, running'],
      ['an empty state', '?state=', 'ready, running'],
      ['a repeated field', '?key=a&key=b', 'once'],
      ['a repeated limit', '?limit=1&limit=2', 'once'],
      ['a nested field', '?key[a]=b', 'no field'],
      ['a limit of nothing', '?limit=0', 'whole number'],
      ['a negative limit', '?limit=-1', 'whole number'],
      ['a limit that is none', '?limit=many', 'whole number'],
      ['a limit of infinity', '?limit=1e99', 'whole number'],
      ['a broken limit', '?limit=1.5', 'whole number'],
      ['an id beyond 2^63', '?after=9223372036854775808', 'id of the last item'],
      ['an id that is none', "?after=1'--", 'id of the last item'],
      ['a NUL in a key', '?key=a%00b', 'NUL'],
      ['a key too long', `?key=${'x'.repeat(191)}`, '190'],
      ['a key too long in bytes', `?key=${'%C3%A4'.repeat(100)}`, '190'],
      ['an empty key', '?key=', 'empty'],
      ['a NUL in a type', '?type=%00', 'NUL'],
      ['a type too long', `?type=${'x'.repeat(101)}`, '100'],
      ['an instant that is none', '?createdFrom=yesterday', '2026-01-31T12:00:00Z'],
      ['an instant without offset', '?createdTo=2026-01-01T00:00:00', '2026-01-31T12:00:00Z'],
      ['an instant before time', '?createdFrom=0000-01-01T00:00:00Z', '1970'],
      ['a prototype key', '?__proto__=1', 'no field'],
      ['a constructor', '?constructor=1&prototype=2', 'no field'],
      ['two states', '?state=paused&status=paused', 'not both'],
    ])('in a query: %s', async (_, query, detail) => {
      const answer = await bed.get(SAGAS + query);
      expectProblem(answer, 400);
      expect(answer.body.detail).toContain(detail);
    });

    it.each([
      '0',
      '-1',
      '007',
      '1.0',
      '1e3',
      'abc',
      '__proto__',
      '%00',
      '%2e%2e',
      "1'; DROP TABLE saga; --",
      '9223372036854775808',
      '99999999999999999999999999',
      '9223372036854775807',
      '4711000000',
    ])('an id that names nothing: %s', async (id) => {
      const path = `${SAGAS}/${id.includes('%') ? id : encodeURIComponent(id)}`;
      for (const tail of ['', '/explain']) {
        if (id === '%2e%2e' && tail !== '') continue;
        expectProblem(await bed.get(path + tail), 404);
      }
      expectProblem(await bed.post(`${path}/retry`, { reason: 'why not' }), 404);
      const letter = `/v1/admin/dead-letters/${encodeURIComponent(id)}/redrive`;
      expectProblem(await bed.post(letter, { reason: 'why not' }), 404);
    });

    it('a path that cannot be decoded', async () => {
      expectProblem(await bed.get(`${SAGAS}/%ff`), 400);
      expectProblem(await bed.get('/nothing/here?secret=1'), 404);
      const { text } = await bed.get('/nothing/here?secret=1');
      expect(text).not.toContain('secret');
    });

    it.each<[string, string, string]>([
      ['no reason', '{}', 'reason'],
      ['an empty reason', '{"reason":""}', 'empty'],
      ['a blank reason', '{"reason":"  "}', 'empty'],
      ['a reason that is a number', '{"reason":1}', 'reason'],
      ['a reason with a NUL', '{"reason":"a\\u0000b"}', 'NUL'],
      ['a reason too long', JSON.stringify({ reason: 'x'.repeat(1_001) }), '1000'],
      ['an unknown field', '{"reason":"a","force":true}', 'The fields are: reason, seq'],
      ['a result where none is due', '{"reason":"a","result":1}', 'The fields are: reason, seq'],
      ['a prototype key', '{"reason":"a","__proto__":{"role":"admin"}}', 'no field __proto__'],
      ['a constructor', '{"reason":"a","constructor":{"prototype":{}}}', 'no field constructor'],
      ['a number beyond 2^53', '{"reason":"a","seq":9007199254740993}', 'seq'],
      ['a number that is none', '{"reason":"a","seq":"1"}', 'seq'],
      ['a list', '[]', 'object'],
      ['broken JSON', '{"reason":', 'not JSON'],
      ['text', '"reason"', 'not JSON'],
      ['nothing', '', 'reason'],
    ])('in a body: %s', async (_, body, detail) => {
      const answer = await request(bed.url)
        .post(`${SAGAS}/1/kill`)
        .set({ 'x-api-key': bed.keys.operator, 'content-type': 'application/json' })
        .send(body);
      expectProblem(answer, 400);
      expect((answer.body as { detail: string }).detail).toContain(detail);
    });

    it.each([
      ['NUL', '"a\\u0000b"'],
      ['half a surrogate pair', '"\\ud800"'],
      ['deep nesting', '['.repeat(40) + ']'.repeat(40)],
    ])('a result that no database keeps: %s', async (_, result) => {
      const { status, text } = await request(bed.url)
        .post(`${SAGAS}/1/mark-done`)
        .set({ 'x-api-key': bed.keys.operator, 'content-type': 'application/json' })
        .send(`{"reason":"a","result":${result}}`);
      expect([status, text]).toEqual([400, expect.stringContaining('result')]);
    });

    it('a body of 100 MB', async () => {
      const body = Buffer.alloc(100 * 1024 * 1024, 'x');
      const { status, text } = await fetch(`${bed.url}${SAGAS}/1/kill`, {
        method: 'POST',
        headers: { 'x-api-key': bed.keys.operator, 'content-type': 'application/json' },
        body,
      }).then(async (answer) => ({ status: answer.status, text: await answer.text() }));
      expect([status, text]).toEqual([413, expect.stringContaining('TENON_PAYLOAD_TOO_LARGE')]);
    });

    it('a type that cannot be', async () => {
      for (const type of ['%00', 'x'.repeat(101)])
        expectProblem(await bed.post(`/v1/admin/types/${type}/pause`, { reason: 'a' }), 400);
      expectProblem(await bed.get('/v1/admin/types?limit=1'), 400);
      expectProblem(await bed.get('/v1/admin/keys?x', 'admin'), 400);
      expectProblem(await bed.get(`${SAGAS}/1?expand=1`), 400);
      expectProblem(await bed.post(`${SAGAS}/1/kill?force=1`, { reason: 'a' }), 400);
    });

    it('another method or media type', async () => {
      const { status } = await request(bed.url)
        .put(SAGAS)
        .set('x-api-key', bed.keys.admin)
        .send({});
      expect(status).toBe(404);
      const form = await request(bed.url)
        .post(`${SAGAS}/1/kill`)
        .set('x-api-key', bed.keys.operator)
        .type('text/plain')
        .send('reason=a');
      expect(form.status).toBe(400);
    });
  });
});

describeIf('postgres18', 'a payload of a secret type', () => {
  const SECRET = 'hunter2-4711';
  let bed: AdminBed;
  beforeAll(async () => {
    bed = await openAdminBed('postgres18', {
      admin: {
        secretTypes: ['payroll'],
        showPayload: ({ payload }) => ({ ...(payload as object), secret: 'hidden' }),
      },
    });
  });
  afterAll(() => bed.close());

  it('is in no answer, and one that is shown is shown as the application has it', async () => {
    bed.moods.set('action first', async (ctx) => ctx.input);
    const [secret, open] = [
      await bed.append({ secret: SECRET }, 'payroll'),
      await bed.append({ secret: SECRET, key: 'a' }),
    ];
    await bed.reaches(secret, 'completed');
    await bed.reaches(open, 'completed');
    for (const path of ['sagas', `sagas/${secret}`, `sagas/${secret}/explain`, 'op-log', 'audit']) {
      const { status, text } = await bed.get(`/v1/admin/${path}`, 'admin');
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain(SECRET);
    }
    const { body } = await bed.get(`/v1/admin/sagas/${secret}`);
    expect(body).toMatchObject({ marker: { payload: '[secret]' } });
    const { body: shown } = await bed.get(`/v1/admin/sagas/${open}`);
    expect(shown).toMatchObject({ marker: { payload: { secret: 'hidden', key: 'a' } } });
  });
});

describeIf('postgres18', 'a database that goes away', () => {
  it('is a 503 that says when to come again, until it is back', async () => {
    const folder = await testFolder();
    const server = await startPostgres({ dataDir: `${folder.path}/postgres` });
    const bed = await openAdminBed('postgres18', { databaseUrl: server.url });
    try {
      expect((await bed.get(SAGAS)).status).toBe(200);
      await server.kill();
      const { status, headers, body, text } = await bed.get(SAGAS);
      expect([status, headers['retry-after'], body]).toEqual([
        503,
        '1',
        expect.objectContaining({ code: 'TENON_STORE_UNAVAILABLE' }),
      ]);
      expect(text).not.toContain(String(server.port));
      await server.restart();
      await eventually('the API answers', async () => (await bed.get(SAGAS)).status === 200);
    } finally {
      await bed.close();
      await server.stop();
      await folder.remove();
    }
  });
});
