// Goal: the API does what its document says, on both databases: orders once and only once, imports line by line, and an
// answer that helps for everything that is wrong with a request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE } from './demo-process';
import { oracle } from './oracle';
import { describeService, finalReport, type ServiceBed } from './service-bed';
import { post, send, ServiceProcess, upload, type Answer } from './service-process';

const files = { accounts: join(SAMPLE, 'account.asc'), orders: join(SAMPLE, 'order.asc') };
const ORDER = { orderId: 'o1', accountId: 'rich', bankTo: 'AB', accountTo: '7', amount: '10.00' };
const ACCOUNTS = '"account_id"\nrich\npoor\n';
const HEAD = '"order_id";"account_id";"bank_to";"account_to";"amount"\n';

describeService('the API', (_server, open) => {
  let bed: ServiceBed;
  let service: ServiceProcess;
  beforeAll(async () => {
    bed = await open();
    service = await ServiceProcess.serving(bed.env);
    await upload(`${service.url}/v1/accounts/import?openingBalance=100.00`, ACCOUNTS);
  });
  afterAll(async () => {
    await service.stop();
    await bed.close();
  });

  const transfers = (order: unknown, query = '', headers = {}): Promise<Answer> =>
    post(`${service.url}/v1/transfers${query}`, order, headers);

  it('accepts an order, waits for its outcome, and tells it', async () => {
    const accepted = await transfers(ORDER, '?wait=20000');
    expect(accepted).toMatchObject({
      status: 200,
      body: { orderId: 'o1', state: 'completed', hasEnded: true, reason: null },
    });
    const location = accepted.headers.get('location') ?? '';
    expect(location).toBe(`/v1/transfers/${String(accepted.body.id)}`);
    expect((await send(service.url + location)).body).toMatchObject({ ...ORDER, hasEnded: true });
    expect((await send(`${service.url}/v1/accounts/rich`)).body).toEqual({
      ...{ id: 'rich', openingBalance: '100.00', balance: '90.00', reserved: '0.00' },
    });
    const poor = { ...ORDER, orderId: 'o2', accountId: 'poor', amount: '100.01' };
    expect((await transfers(poor, '?wait=20000')).body).toMatchObject({
      ...{ state: 'compensated', reason: 'insufficient funds' },
    });
  });

  it('makes one transfer of one key, however often and however fast it comes', async () => {
    const order = { ...ORDER, orderId: 'o3', amount: '1.00' };
    const key = { 'Idempotency-Key': 'a key of the client' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => transfers(order, '', key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') !== null);
    expect(replayed).toHaveLength(19);

    const other = await transfers({ ...order, amount: '2.00' }, '', key);
    expect(other).toMatchObject({
      status: 422,
      body: { detail: expect.stringMatching(/used for another order/) as string },
    });
    expect((await transfers(order)).status).toBe(409);
    expect((await transfers(order, '', { 'Idempotency-Key': 'x'.repeat(191) })).status).toBe(400);
  });

  it('says so when it was asked to wait for longer than it does', async () => {
    // No process carries this one out before the first look: it is of a type that ends at once, or waits.
    const { status, body } = await transfers(ORDER, '?wait=999999999');
    expect({ status, body }).toMatchObject({ status: 200, body: { waitMs: 30_000 } });
  });

  it('closes a bank and opens it again', async () => {
    const bank = `${service.url}/v1/banks/ZZ`;
    expect(await post(`${bank}/close`, {})).toMatchObject({
      status: 200,
      body: { id: 'ZZ', isClosed: true },
    });
    const order = { ...ORDER, bankTo: 'ZZ', amount: '1.00' };
    const refused = await transfers({ ...order, orderId: 'z1' }, '?wait=20000');
    expect(refused.body).toMatchObject({ state: 'compensated', reason: 'bank closed' });
    await post(`${bank}/open`, {});
    const taken = await transfers({ ...order, orderId: 'z2' }, '?wait=20000');
    expect(taken.body).toMatchObject({ state: 'completed' });
  });

  it('imports line by line, and tells of every line that it refuses', async () => {
    const lines = [
      'i1;rich;AB;7;1.00',
      'i2;rich;AB;7;-1.00',
      'i1;rich;AB;7;1.00',
      'o1;rich;AB;7;10.00',
      'a key of the client;rich;AB;7;1.00',
      'i3;rich;"AB;7',
      `i4;rich;AB;7;${'9'.repeat(20_000)}`,
      'i5;rich;AB;7;1.00',
    ];
    const first = await upload(`${service.url}/v1/transfers/import`, HEAD + lines.join('\n'));
    expect(first).toMatchObject({ status: 200, body: { accepted: 2, refusedCount: 6 } });
    expect(first.body.refused).toEqual([
      { line: 3, reason: expect.stringMatching(/not more than zero/) as string },
      { line: 4, reason: 'the order i1 was accepted before' },
      { line: 5, reason: 'the order o1 was accepted before' },
      {
        line: 6,
        reason: expect.stringMatching(/used as the Idempotency-Key of another/) as string,
      },
      { line: 7, reason: 'a quote is not closed' },
      { line: 8, reason: expect.stringMatching(/16384 are the limit/) as string },
    ]);
    const again = await upload(`${service.url}/v1/transfers/import`, HEAD + lines.join('\n'));
    expect(again).toMatchObject({ status: 200, body: { accepted: 0, refusedCount: 8 } });
    expect(await upload(`${service.url}/v1/transfers/import`, 'no;head\n1;2')).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/first line must name/) as string },
    });
    const accounts = await upload(
      `${service.url}/v1/accounts/import?openingBalance=5`,
      `${ACCOUNTS}new\n`,
    );
    expect(accounts.body).toMatchObject({ opened: 1, existing: 2, refusedCount: 0 });
  });

  it('lists no more than a thousand refused lines, and counts them all', async () => {
    const many = HEAD + Array.from({ length: 2_500 }, (_, n) => `m${n};rich;AB;7;0`).join('\n');
    const { body } = await upload(`${service.url}/v1/transfers/import`, many);
    expect(body).toMatchObject({ accepted: 0, refusedCount: 2_500 });
    expect(body.refused).toHaveLength(1_000);
  });

  const amount = JSON.stringify(ORDER).replace('"10.00"', '9007199254740993');
  it.each<[string, number, (url: string) => Promise<Answer>]>([
    ['malformed JSON', 400, (url) => send(`${url}/v1/transfers`, json('{"orderId":'))],
    ['no JSON', 400, (url) => send(`${url}/v1/transfers`, { method: 'POST', body: 'x' })],
    ['a number for an amount', 400, (url) => send(`${url}/v1/transfers`, json(amount))],
    ['a field too many', 400, (url) => post(`${url}/v1/transfers`, { ...ORDER, more: 1 })],
    ['a NUL byte', 400, (url) => post(`${url}/v1/transfers`, { ...ORDER, accountId: 'a\0b' })],
    ['half a character', 400, (url) => post(`${url}/v1/transfers`, { ...ORDER, bankTo: '\ud800' })],
    ['a large body', 413, (url) => post(`${url}/v1/transfers`, 'x'.repeat(1_100_000))],
    ['a wait in words', 400, (url) => post(`${url}/v1/transfers?wait=long`, ORDER)],
    ['two waits', 400, (url) => post(`${url}/v1/transfers?wait=1&wait=2`, ORDER)],
    ['an unknown field in the query', 400, (url) => post(`${url}/v1/transfers?hurry=1`, ORDER)],
    ['an unknown transfer', 404, (url) => send(`${url}/v1/transfers/999999999`)],
    ['a transfer of no number', 404, (url) => send(`${url}/v1/transfers/__proto__`)],
    ['a NUL in a path', 404, (url) => send(`${url}/v1/accounts/%00`)],
    ['a path that cannot be read', 400, (url) => send(`${url}/v1/accounts/%zz`)],
    ['an unknown path', 404, (url) => send(`${url}/v2/transfers`)],
    ['no opening balance', 400, (url) => upload(`${url}/v1/accounts/import`, ACCOUNTS)],
    [
      'an opening balance in words',
      400,
      (url) => upload(`${url}/v1/accounts/import?openingBalance=much`, ACCOUNTS),
    ],
    ['a file as JSON', 415, (url) => post(`${url}/v1/transfers/import`, {})],
    ['an id that is too long', 400, (url) => post(`${url}/v1/banks/${'x'.repeat(65)}/open`, {})],
  ])('answers %s with a problem', async (_what, status, ask) => {
    const answer = await ask(service.url);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      expect.stringMatching(/^application\/problem\+json/),
    ]);
    expect(answer.body).toMatchObject({ status, title: expect.any(String) as string });
    expect(answer.body.detail).not.toBe('');
  });

  it('takes no harm from the keys of prototypes', async () => {
    const text = `{"__proto__":{"isAdmin":true},${JSON.stringify({ ...ORDER, orderId: 'p1' }).slice(1)}`;
    const { status } = await send(`${service.url}/v1/transfers`, json(text));
    expect([202, 400]).toContain(status);
    expect((await send(`${service.url}/v1/transfers/constructor`)).status).toBe(404);
  });

  it('is alive, ready and measured', async () => {
    expect((await send(`${service.url}/health/live`)).status).toBe(200);
    const ready = await send(`${service.url}/health/ready`);
    expect(ready).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        details: { database: { status: 'up' }, queue: { status: 'up' }, backlog: { paused: 0 } },
      },
    });
    const { body } = await send(`${service.url}/metrics`);
    for (const line of [
      /^tenon_sagas_ended_total\{type="transfer",state="completed"\} [1-9]/m,
      /^tenon_transitions_total\{type="transfer",outcome="succeeded"\} [1-9]/m,
      /^tenon_handler_seconds_count\{type="transfer",step="debit",phase="try",outcome="succeeded"\} [1-9]/m,
      /^tenon_bookkeeping_commits_total [1-9]/m,
      /^tenon_queue_jobs_total \d/m,
      /^tenon_session_lapses_total 0/m,
      /^tenon_pending\{type="transfer"\} \d/m,
      /^tenon_pool_connections\{state="idle"\} \d/m,
      /^nodejs_eventloop_lag_seconds /m,
    ]) {
      expect(body.text).toMatch(line);
    }
  });

  it('describes itself', async () => {
    expect((await send(`${service.url}/docs`)).status).toBe(200);
    const { body } = await send(`${service.url}/docs-json`);
    const paths = body.paths as Readonly<Record<string, object>>;
    expect(Object.keys(paths['/v1/transfers'] ?? {})).toEqual(['post']);
  });

  // Last: it brings the report to a known end.
  it('reports what the sample leads to', async () => {
    await finalReport(service.url);
    await bed.remains.query('UPDATE account SET balance = 0, opening_balance = 0, reserved = 0');
    await bed.remains.query('DELETE FROM ledger_entry');
    await bed.remains.query('DELETE FROM saga');
    await bed.remains.query('DELETE FROM op_log');
    const { url } = service;
    await upload(`${url}/v1/accounts/import?openingBalance=10000.00`, readFileSync(files.accounts));
    await post(`${url}/v1/banks/QR/close`, {});
    await upload(`${url}/v1/transfers/import`, readFileSync(files.orders));
    expect(await finalReport(url)).toMatchObject(oracle(files, '10000.00', ['QR']));
  }, 240_000);
});

function json(body: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body };
}
