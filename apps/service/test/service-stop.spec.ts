// Goal: SIGTERM in the middle of the work. Nothing is taken in or adopted behind it, the process exits with 0 within its grace
// time, and the next one goes on at once, because nothing is held by a session that nobody closed. Method: sessions and hand-
// overs are made so slow that whoever had to wait for one would be seen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE } from './demo-process';
import { oracle } from './oracle';
import { describeService, finalReport, until, type ServiceBed } from './service-bed';
import { post, send, ServiceProcess, upload, type Answer } from './service-process';

const files = { accounts: join(SAMPLE, 'account.asc'), orders: join(SAMPLE, 'order.asc') };
const GRACE_MS = 8_000;
const SLOW = {
  TENON_SESSION_MS: '600000',
  TENON_REQUEUE_MS: '600000',
  TENON_SHUTDOWN_GRACE_MS: String(GRACE_MS),
};
/** A claim that was under way when the signal came may still commit. */
const UNDER_WAY_MS = 1_000;
/** A second is what is promised; the rest is a machine that does other things. */
const GOES_ON_MS = 5_000;

describeService('the end', (server, open) => {
  let bed: ServiceBed;
  beforeEach(async () => (bed = await open()));
  afterEach(async () => bed.close());

  const now = server === 'mariadb' ? 'now(6)' : 'clock_timestamp()';
  const clock = async (): Promise<number> =>
    bed.remains.number(
      server === 'mariadb'
        ? 'SELECT UNIX_TIMESTAMP(now(6)) * 1000 AS n'
        : 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS n',
    );
  const msSince = (column: string): string =>
    server === 'mariadb'
      ? `UNIX_TIMESTAMP(${column}) * 1000`
      : `extract(epoch FROM ${column}) * 1000`;

  async function underLoad(): Promise<ServiceProcess> {
    const service = await ServiceProcess.serving({ ...bed.env, ...SLOW, TENON_LEDGER: '1' });
    await upload(
      `${service.url}/v1/accounts/import?openingBalance=10000.00`,
      readFileSync(files.accounts),
    );
    await post(`${service.url}/v1/banks/QR/close`, {});
    const sent = await upload(`${service.url}/v1/transfers/import`, readFileSync(files.orders));
    expect(sent.body).toMatchObject({ accepted: 457 });
    const live = 'SELECT count(*) AS n FROM saga WHERE finished_at IS NOT NULL';
    await until(
      () => bed.remains.number(live),
      (ended) => ended > 20,
    );
    return service;
  }

  async function endsWell(next: ServiceProcess): Promise<void> {
    expect(await finalReport(next.url)).toMatchObject(oracle(files, '10000.00', ['QR']));
    expect(await bed.remains.doubleEffects()).toEqual([]);
    expect(await bed.remains.accountsOutOfOrder()).toEqual([]);
    expect(await bed.remains.brokenChains()).toEqual([]);
    expect(await next.stop()).toMatchObject({ code: 0 });
  }

  it('is in good order under load, and the next process goes on at once', async () => {
    const service = await underLoad();
    // One that waits for an outcome is answered, and one that keeps its connection does not keep the process.
    const waiting = post(
      `${service.url}/v1/transfers?wait=30000`,
      { orderId: 'last', accountId: 'nobody', bankTo: 'AB', accountTo: '7', amount: '1.00' },
      { connection: 'keep-alive' },
    ).catch((): Answer | null => null);
    await until(
      () => bed.remains.number("SELECT count(*) AS n FROM payment_order WHERE id = 'last'"),
      (n) => n === 1,
    );
    const signalledAt = await clock();
    const startedMs = performance.now();
    const ended = await service.stop();
    const tookMs = performance.now() - startedMs;
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringMatching(/ending in good order/)]);
    expect(tookMs).toBeLessThan(GRACE_MS);
    expect([200, 202]).toContain((await waiting)?.status);

    // Nothing is held, and nothing was taken in behind the signal.
    const open = await bed.remains.number(
      'SELECT count(*) AS n FROM saga WHERE finished_at IS NULL',
    );
    expect(open).toBeGreaterThan(0);
    const counts = [
      'SELECT count(*) AS n FROM saga WHERE session_id IS NOT NULL',
      'SELECT count(*) AS n FROM worker_session WHERE ended_at IS NULL OR has_lapsed = true',
      `SELECT count(*) AS n FROM saga WHERE ${msSince('created_at')} > ${signalledAt + UNDER_WAY_MS}`,
    ];
    for (const sql of counts) expect([sql, await bed.remains.number(sql)]).toEqual([sql, 0]);

    const next = await ServiceProcess.serving({ ...bed.env, ...SLOW, TENON_LEDGER: '1' });
    const gap = `SELECT min(${msSince('t.at')} - ${msSince('s.started_at')}) AS n
      FROM saga_transition t JOIN worker_session s ON s.id = t.session_id
      WHERE s.id = (SELECT max(id) FROM worker_session)`;
    const gapMs = await until(
      async () => (await bed.remains.query<{ n: unknown }>(gap))[0]?.n ?? null,
      (n) => n !== null,
    );
    expect(Number(gapMs)).toBeLessThan(GOES_ON_MS);
    // The one for nobody's account is compensated, and not in the oracle's table.
    await finalReport(next.url);
    await bed.remains.query(
      "DELETE FROM saga WHERE id IN (SELECT id FROM op_log WHERE op_key = 'nobody')",
    );
    await bed.remains.query(
      "DELETE FROM saga_transition WHERE saga_id IN (SELECT id FROM op_log WHERE op_key = 'nobody')",
    );
    await bed.remains.query("DELETE FROM op_log WHERE op_key = 'nobody'");
    await endsWell(next);
  }, 180_000);

  it('is at once on the second signal, and loses nothing', async () => {
    const service = await underLoad();
    service.signal('SIGTERM');
    await service.hasSaid(/ending in good order/);
    const ended = await service.stop('SIGTERM');
    // It may have been quicker than our second signal.
    expect([0, 143]).toContain(ended.code);

    // What a process held that closed nothing is free when its session lapses. Here a hand lets it lapse.
    await bed.remains.query(`UPDATE worker_session SET expires_at = ${now} WHERE ended_at IS NULL`);
    const next = await ServiceProcess.serving({
      ...bed.env,
      TENON_LEDGER: '1',
      TENON_REQUEUE_MS: '1000',
    });
    await endsWell(next);
  }, 180_000);

  it('cuts an import short with 503, and the file may be sent again', async () => {
    const service = await ServiceProcess.serving({ ...bed.env, ...SLOW, TENON_ROLES: 'api' });
    const head = '"order_id";"account_id";"bank_to";"account_to";"amount"\n';
    const line = (n: number): string => `s${n};a;AB;7;1.00\n`;
    let sent = 0;
    let isOver = false;
    async function* lines(): AsyncGenerator<Buffer> {
      yield Buffer.from(head);
      // Without an end, until the answer is there.
      while (!isOver && sent < 1_000_000) {
        yield Buffer.from(Array.from({ length: 500 }, (_, n) => line(sent + n)).join(''));
        sent += 500;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    const importing = send(`${service.url}/v1/transfers/import`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: lines(),
      ...{ duplex: 'half' },
    }).finally(() => (isOver = true));
    const count = (): Promise<number> =>
      bed.remains.number('SELECT count(*) AS n FROM payment_order');
    await until(count, (n) => n >= 500);
    const ended = await service.stop();
    expect(ended.code).toBe(0);
    const answer = await importing.catch((): Answer | null => null);
    const accepted = await count();
    if (answer !== null) expect(answer).toMatchObject({ status: 503, body: { accepted } });

    const next = await ServiceProcess.serving({ ...bed.env, TENON_ROLES: 'api' });
    const total = accepted + 750;
    const file = head + Array.from({ length: total }, (_, n) => line(n)).join('');
    const again = await upload(`${next.url}/v1/transfers/import`, file);
    expect(again).toMatchObject({ status: 200, body: { accepted: 750, refusedCount: accepted } });
    expect(await count()).toBe(total);
    await next.stop();
  }, 120_000);
});
