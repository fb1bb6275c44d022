// Goal: the payment orders, imported over REST, lead to the one right table while instances are killed and restarted, and
// while the import itself is killed half-way and sent again. Method: two instances behind no balancer; one after another is
// killed without warning and started anew; a client does what clients do, and tries again whatever was not answered.
//
// With TENON_PKDD_FOLDER=folder (of account.asc and order.asc) it runs on those instead of the sample.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE } from './demo-process';
import { oracle } from './oracle';
import { describeService, finalReport, until, type ServiceBed } from './service-bed';
import { post, send, ServiceProcess, upload, type Answer } from './service-process';

const folder = process.env.TENON_PKDD_FOLDER ?? SAMPLE;
const files = { accounts: join(folder, 'account.asc'), orders: join(folder, 'order.asc') };
/** Besides the one in the middle of the import. */
const KILLS = 4;
/** Between two kills; on orders of your own and a busy machine it may take its time. */
const PART_MS_MAX = 300_000;
/** Whoever was killed is not missed for long. */
const BRISK = { TENON_SESSION_MS: '2000', TENON_REQUEUE_MS: '2000', TENON_LEDGER: '1' };

describeService('payment orders over REST, with kills', (_server, open) => {
  let bed: ServiceBed;
  let instances: ServiceProcess[];
  beforeAll(async () => {
    bed = await open();
    const env = { ...bed.env, ...BRISK };
    instances = [await ServiceProcess.serving(env), await ServiceProcess.serving(env)];
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop('SIGKILL')));
    await bed.close();
  });

  /** Asks the instances in turn until one of them has answered, and not with 503. */
  async function insist(ask: (url: string) => Promise<Answer>): Promise<Answer> {
    let turn = 0;
    const answer = await until(
      () =>
        ask(instances[(turn += 1) % instances.length]?.url ?? '').catch((): Answer | null => null),
      (found) => found !== null && found.status !== 503,
    );
    if (answer === null) throw new Error('no answer');
    return answer;
  }

  async function killAndRestart(place: number): Promise<void> {
    await instances[place]?.stop('SIGKILL');
    instances[place] = await ServiceProcess.serving({ ...bed.env, ...BRISK });
  }

  it('leads to the table of the oracle', async () => {
    const [accounts, orders] = [readFileSync(files.accounts), readFileSync(files.orders)];
    await insist((url) => upload(`${url}/v1/accounts/import?openingBalance=10000.00`, accounts));
    await insist((url) => post(`${url}/v1/banks/QR/close`, {}));

    // The import is killed as soon as a part of it is in, and sent again to the other one.
    const count = (): Promise<number> => bed.remains.number('SELECT count(*) AS n FROM op_log');
    const expected = oracle(files, '10000.00', ['QR']);
    const cut = Math.floor(orders.length / 2);
    const half = orders.subarray(0, orders.lastIndexOf('\n', cut) + 1);
    const [first] = instances;
    const broken = upload(`${first?.url ?? ''}/v1/transfers/import`, orders).catch(() => null);
    await until(count, (n) => n > 0);
    await killAndRestart(0);
    await broken;
    await insist((url) => upload(`${url}/v1/transfers/import`, half));
    const sent = await insist((url) => upload(`${url}/v1/transfers/import`, orders));
    expect(Number(sent.body.accepted) + Number(sent.body.refusedCount)).toBe(expected.orders);
    expect(await count()).toBe(expected.orders);

    // Each kill comes when a further part of the transfers has ended.
    const ended = 'SELECT count(*) AS n FROM saga WHERE finished_at IS NOT NULL';
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const part = (expected.orders * kill) / (KILLS + 1);
      await until(
        () => bed.remains.number(ended),
        (n) => n >= part,
        PART_MS_MAX,
      );
      await killAndRestart(kill % 2);
    }
    const url = instances[0]?.url ?? '';
    expect(await finalReport(url)).toMatchObject({ ...expected, paused: 0, open: 0, dead: 0 });
    expect(await bed.remains.doubleEffects()).toEqual([]);
    expect(await bed.remains.accountsOutOfOrder()).toEqual([]);
    expect(await bed.remains.brokenChains()).toEqual([]);

    const again = await upload(`${url}/v1/transfers/import`, orders);
    expect(again).toMatchObject({
      status: 200,
      body: { accepted: 0, refusedCount: expected.orders },
    });
    const report = await send(`${url}/v1/transfers/report`);
    expect(report.body).toMatchObject({ orders: expected.orders });
  }, 1_800_000);
});
