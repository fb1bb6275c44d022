/**
 * Looks at what a demo has left in its database, with nothing but SQL, and compares it with the oracle:
 *
 *     node -r ./tooling/register.cjs apps/service/test/examine.ts --db .tenon/postgres \
 *       --orders FILE --accounts FILE --closed-bank QR
 *
 * `--db` is the URL of the database, or the folder of the demo's own server, which is started for it. One line per thing
 * looked at; the exit code is 1 if one is not as it must be. What only `TENON_LEDGER=1` tells is looked at if it was set.
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startMariadb, startPostgres, type EmbeddedServer } from '@tenon/embedded';
import { DEMO_DATABASE } from '../src/demo/demo-database';
import { oracle } from './oracle';
import { Remains } from './remains';

/** Each of several instances must have written at least this share of the transitions. */
const SHARE_MIN = 0.15;

let isInOrder = true;

function tell(what: string, found: unknown, isRight: boolean): void {
  isInOrder &&= isRight;
  console.log(`${isRight ? 'ok    ' : 'NOT OK'} ${what}: ${JSON.stringify(found)}`);
}

async function examine(): Promise<void> {
  const { values } = parseArgs({
    options: {
      db: { type: 'string' },
      orders: { type: 'string' },
      accounts: { type: 'string' },
      'opening-balance': { type: 'string', default: '10000.00' },
      'closed-bank': { type: 'string', multiple: true, default: [] },
      instances: { type: 'string', default: '1' },
    },
  });
  const { db, orders, accounts } = values;
  if (db === undefined || orders === undefined || accounts === undefined)
    throw new Error('Give --db, --orders and --accounts.');
  const expected = oracle({ orders, accounts }, values['opening-balance'], values['closed-bank']);
  const server = db.includes('://') ? null : await startIn(resolve(db));
  const url = new URL(server?.url ?? db);
  if (server !== null) url.pathname = `/${DEMO_DATABASE}`;
  const remains = await Remains.of(url.toString());
  try {
    await compareRows(remains, expected);
    await lookAtEffects(remains, Number(values.instances));
  } finally {
    await remains.close();
    await server?.stop();
  }
}

async function startIn(dataDir: string): Promise<EmbeddedServer> {
  return basename(dataDir) === 'mariadb' ? startMariadb({ dataDir }) : startPostgres({ dataDir });
}

async function compareRows(remains: Remains, expected: ReturnType<typeof oracle>): Promise<void> {
  const count = (of: string): Promise<number> => remains.number(`SELECT count(*) AS n FROM ${of}`);
  const expect = (what: string, found: unknown, wanted: unknown): void =>
    tell(what, found, JSON.stringify(found) === JSON.stringify(wanted));
  const text = async (sql: string): Promise<string> =>
    String((await remains.query<{ text: unknown }>(sql))[0]?.text);

  const { insufficient_funds, bank_closed } = expected.compensated;
  expect('markers', await count('op_log'), expected.orders);
  expect('markers that are done', await count("op_log WHERE status = 'done'"), expected.orders);
  expect('sagas', await count('saga'), expected.orders);
  expect('completed', await count("saga WHERE state = 'completed'"), expected.completed);
  expect(
    'compensated: insufficient funds',
    await refused(remains, 'insufficient funds'),
    insufficient_funds,
  );
  expect('compensated: bank closed', await refused(remains, 'bank closed'), bank_closed);
  expect('ledger entries', await count('ledger_entry'), expected.completed);
  expect(
    'sum of the ledger',
    await text('SELECT sum(amount) AS text FROM ledger_entry'),
    expected.booked_total,
  );
  expect(
    'sum of the balances',
    await text('SELECT sum(balance) AS text FROM account'),
    expected.balances_total,
  );
  expect(
    'sum of what is reserved',
    await text('SELECT sum(reserved) AS text FROM account'),
    '0.00',
  );
  expect(
    'sagas with more than one ledger entry',
    await remains.query('SELECT saga_id FROM ledger_entry GROUP BY saga_id HAVING count(*) > 1'),
    [],
  );
  expect('broken chains of transitions', await remains.brokenChains(), []);
  tell('transitions', await count('saga_transition'), true);
}

async function refused(remains: Remains, reason: string): Promise<number> {
  return remains.number(
    `SELECT count(*) AS n FROM saga WHERE state = 'compensated' AND reason = '${reason}'`,
  );
}

async function lookAtEffects(remains: Remains, instances: number): Promise<void> {
  const rows = await remains.transitionsByInstance();
  const all = rows.reduce((sum, { n }) => sum + n, 0);
  const shares = rows.map(({ name, n }) => [name, Number((n / all).toFixed(3))] as const);
  const isShared =
    instances === 1 ||
    (shares.length === instances && shares.every(([, share]) => share >= SHARE_MIN));
  tell('shares of the transitions', Object.fromEntries(shares), isShared);

  const effects = await remains.number('SELECT count(*) AS n FROM effect_ledger');
  if (effects === 0) {
    console.log('       no effect ledger: run the demo with TENON_LEDGER=1 to have one');
    return;
  }
  tell('effects', effects, true);
  const doubles = await remains.doubleEffects();
  tell('effects that happened twice', doubles, doubles.length === 0);
  const wrong = await remains.accountsOutOfOrder();
  tell('accounts out of order', wrong, wrong.length === 0);
}

examine().then(
  () => (process.exitCode = isInOrder ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
