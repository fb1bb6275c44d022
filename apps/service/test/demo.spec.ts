import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@tenon/embedded';
import {
  describeIf,
  testDatabase,
  testFolder,
  testRedis,
  type SqlServerName,
  type TestDatabase,
  type TestRedis,
} from '../../../test/servers';
import { Gate } from './gate';
import { DemoProcess, reportOf, runDemo, SAMPLE } from './demo-process';
import { oracle, type Expected } from './oracle';
import { Remains } from './remains';

const files = { accounts: join(SAMPLE, 'account.asc'), orders: join(SAMPLE, 'order.asc') };
const NO_PACE = {
  seconds: expect.any(Number) as number,
  sagas_per_second: expect.any(Number) as number,
  latency_ms: { p50: expect.any(Number) as number, p99: expect.any(Number) as number },
  queue_jobs: expect.any(Number) as number,
  commits_per_saga: expect.any(Number) as number,
};

function report(expected: Expected, rest: object = { rounds: 1, kills: 0 }): object {
  return { ...expected, paused: 0, ...NO_PACE, ...rest };
}

// Goal: the one command of the README does what it says on a machine with nothing but Node.
describe('the demo, embedded', () => {
  let folder: Awaited<ReturnType<typeof testFolder>>;
  beforeAll(async () => (folder = await testFolder()));
  afterAll(async () => folder.remove());

  it('runs the shipped sample, and finds its data again the next time', async () => {
    const first = await runDemo(['--json'], { cwd: folder.path });
    expect(reportOf(first)).toEqual(report(oracle(files, '10000.00', ['QR'])));
    expect(first.stderr).toMatch(/embedded PostgreSQL at 127\.0\.0\.1:\d+ .*database tenon_demo/);

    // All orders are known, so nothing is done; what is there is reported.
    const second = reportOf(await runDemo(['--json', '--keep'], { cwd: folder.path }));
    expect(second).toMatchObject({ completed: 337, seconds: 0, queue_jobs: 0 });
  }, 120_000);

  // Goal: whatever a crash leaves, the next start works.
  // Method: a demo is killed in the middle of its work; then its database is made one that died before it was marked.
  it('is not held up by what a crash has left', async () => {
    const killed = new DemoProcess(['--instances', '2'], { cwd: folder.path });
    await killed.hasSaid(/Tenon demo: /);
    killed.child.kill('SIGKILL');
    await killed.end();
    expect(reportOf(await runDemo(['--json'], { cwd: folder.path })).completed).toBe(337);

    const server = await startPostgres({ dataDir: join(folder.path, '.tenon', 'postgres') });
    const remains = await Remains.of(server.url);
    await remains.query('DROP DATABASE tenon_demo WITH (FORCE)');
    await remains.query('CREATE DATABASE tenon_demo');
    await remains.close();
    await server.stop();
    expect(reportOf(await runDemo(['--json'], { cwd: folder.path })).completed).toBe(337);
  }, 180_000);

  it('refuses a second one in the same folder, which costs the first nothing', async () => {
    const first = new DemoProcess(['--json'], { cwd: folder.path });
    await first.hasSaid(/Tenon demo: /);
    const second = await runDemo([], { cwd: folder.path });
    expect([second.code, second.stderr]).toEqual([
      2,
      expect.stringMatching(/^Another demo is at work in .*--db and --redis\.\n$/),
    ]);
    expect(reportOf(await first.end()).completed).toBe(337);
  }, 120_000);

  it('goes on when nobody reads what it says', async () => {
    const demo = new DemoProcess([], { cwd: folder.path });
    await demo.hasSaid(/Tenon demo: /);
    demo.child.stdout?.destroy();
    demo.child.stderr?.destroy();
    expect((await demo.end()).code).toBe(0);
  }, 120_000);

  it('stops what it has started on Ctrl-C', async () => {
    const demo = new DemoProcess([], { cwd: folder.path });
    await demo.hasSaid(/Tenon demo: /);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(demo.stdout)?.[1]);
    demo.interrupt();
    expect((await demo.end()).code).toBe(130);
    await expect(isListening(port)).resolves.toBe(false);
  }, 60_000);
});

describe.each<[string, SqlServerName]>([
  ['PostgreSQL 15', 'postgres15'],
  ['MariaDB', 'mariadb'],
])('the demo on %s and Redis', (_title, server) => {
  describeIf([server, 'redis'], 'with the shipped sample', () => {
    let database: TestDatabase;
    let redis: TestRedis;
    let places: readonly string[];
    beforeAll(async () => {
      database = await testDatabase(server);
      redis = await testRedis();
      places = ['--db', database.url, '--redis', redis.url];
    });
    afterAll(async () => {
      await database.drop();
      await redis.drop();
    });

    // Goal: the table is right for any opening balance and any closed banks, and the rows bear it out.
    it('agrees with the oracle, and leaves rows that agree with the report', async () => {
      const rules = ['--opening-balance', '7500.50', '--closed-bank', 'AB', '--closed-bank', 'YZ'];
      const input = ['--orders', files.orders, '--accounts', files.accounts];
      const expected = oracle(files, '7500.50', ['AB', 'YZ']);
      expect(reportOf(await runDemo([...places, ...rules, ...input, '--json']))).toEqual(
        report(expected),
      );

      const remains = await Remains.of(database.url);
      try {
        expect(await remains.number('SELECT count(*) AS n FROM op_log')).toBe(457);
        expect(await remains.number('SELECT count(*) AS n FROM saga')).toBe(457);
        expect(await remains.brokenChains()).toEqual([]);
        const [booked] = await remains.query<{ sum: string }>(
          'SELECT sum(amount) AS sum FROM ledger_entry',
        );
        expect(booked?.sum).toBe(expected.booked_total);
      } finally {
        await remains.close();
      }
    }, 120_000);

    // Goal: nothing is lost, done twice or done out of order when instances are killed in the middle of their work.
    // Method: six kills at chosen points; the ledger, which no key protects, is looked at for what it should not hold.
    it('gives the same table with six kills', async () => {
      const run = await runDemo([...places, '--instances', '3', '--kills', '6', '--json'], {
        env: { TENON_LEDGER: '1' },
      });
      const found = reportOf(run);
      const expected = oracle(files, '10000.00', ['QR']);
      expect(found).toEqual(report(expected, { rounds: expect.any(Number) as number, kills: 6 }));

      const remains = await Remains.of(database.url);
      try {
        expect(await remains.doubleEffects()).toEqual([]);
        expect(await remains.accountsOutOfOrder()).toEqual([]);
        expect(await remains.brokenChains()).toEqual([]);
      } finally {
        await remains.close();
      }
    }, 240_000);

    // Goal: bad lines and impossible orders cost the good ones nothing.
    it('names bad lines by their number, and carries the good ones out', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tenon-bad-'));
      const accounts = ['"account_id";"date"', 'a1;1', 'A1;1', '"A1 ";1', ';1'];
      const orders = [
        '"order_id";"account_id";"bank_to";"account_to";"amount";"k_symbol"',
        '1;a1;"YZ";"1";100.00;""',
        '2;A1;"YZ";"1";-1.00;""',
        '3;A1;"YZ";"1";200.00;""',
        '4;"A1 ";"YZ',
        '5;"A1 ";"YZ";"1";300.00;""',
        '6;nobody;"YZ";"1";1.00;""',
        `7;a1;"YZ";"1";${'9'.repeat(30)};""`,
      ];
      await writeFile(join(folder, 'account.asc'), accounts.join('\n'));
      await writeFile(join(folder, 'order.asc'), orders.join('\n'));
      const input = [
        '--orders',
        join(folder, 'order.asc'),
        '--accounts',
        join(folder, 'account.asc'),
      ];
      const run = await runDemo([...places, ...input, '--json']);
      await rm(folder, { recursive: true });

      expect(reportOf(run)).toMatchObject({
        orders: 4,
        completed: 3,
        compensated: { insufficient_funds: 0, bank_closed: 0, unknown_account: 1 },
        balances_total: '29400.00',
        booked_total: '600.00',
      });
      expect(run.stderr).toMatch(/account\.asc:5: the account id is empty/);
      expect(run.stderr).toMatch(/order\.asc:3: the amount "-1\.00" is not more than zero/);
      expect(run.stderr).toMatch(/order\.asc:5: a quote is not closed/);
      expect(run.stderr).toMatch(/order\.asc:8: the amount "9{30}" is too large/);
      expect(run.stderr).toMatch(/4 lines were not taken/);
    }, 120_000);
  });
});

describeIf('postgres15', "the demo's care for databases", () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await testDatabase('postgres15')));
  afterAll(async () => database.drop());

  it('touches no database that it did not make', async () => {
    const foreign = await testDatabase('postgres15');
    const remains = await Remains.of(foreign.url);
    await remains.query('CREATE TABLE account (id int)');
    const run = await runDemo(['--db', foreign.url]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/was not made by the demo/)]);
    expect(
      await remains.number(
        'SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = current_schema()',
      ),
    ).toBe(1);
    await remains.close();
    await foreign.drop();
  });

  it('waits for a database that comes up later, and refuses a newer schema with 3', async () => {
    // A port on which nobody listens yet, and that leads to the server later.
    const gate = new Gate(database.url);
    const demo = new DemoProcess(['--db', await gate.url(), '--json']);
    await demo.hasSaid(/does not answer .* Waiting up to 60 s/);
    await gate.open();
    expect(reportOf(await demo.end()).completed).toBe(337);
    await gate.close();

    const remains = await Remains.of(database.url);
    await remains.query('INSERT INTO tenon_schema (version) VALUES (999)');
    await remains.close();
    const run = await runDemo(['--db', database.url]);
    expect([run.code, run.stderr]).toEqual([
      3,
      expect.stringMatching(/version 999, which is newer/),
    ]);
  }, 120_000);
});

describe("the demo's command line", () => {
  // A file of the right kind, with nothing in it that is an order.
  const NO_ORDERS = join(tmpdir(), `tenon-no-orders-${process.pid}.asc`);
  beforeAll(async () => {
    await writeFile(NO_ORDERS, '"order_id";"account_id";"bank_to";"account_to";"amount"\nx;y\n');
  });
  afterAll(async () => rm(NO_ORDERS));

  it.each<[string, readonly string[], RegExp]>([
    ['an unknown option', ['--nope'], /unknown option '--nope'/],
    ['MariaDB without Redis', ['--db', 'mariadb://x@127.0.0.1', '--redis', 'none'], /needs Redis/],
    [
      'a file without orders',
      ['--orders', NO_ORDERS, '--accounts', files.accounts],
      /no order that/,
    ],
    ['a missing file', ['--orders', 'x', '--accounts', 'y'], /y cannot be read/],
  ])('refuses %s with 2', async (_name, args, words) => {
    const run = await runDemo(args);
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(words)]);
  });

  it('keeps passwords to itself', async () => {
    const run = await runDemo(['--db', 'postgres://me:secret@localhost:x/']);
    expect([run.code, run.stdout + run.stderr]).toEqual([2, expect.not.stringContaining('secret')]);
  });
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
