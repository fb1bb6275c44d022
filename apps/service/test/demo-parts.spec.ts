import type { Outcome } from '../src/transfers/census';
import { hitsBefore, killPlan } from '../src/demo/kill-plan';
import { faultAt } from '../src/demo/redis-breaker';
import { jsonReport } from '../src/demo/report';
import { faultsOf } from '../src/demo/verdict';
import { cents, money } from '../src/transfers/money';

const OUTCOME: Outcome = {
  orders: 4,
  completed: 2,
  compensated: new Map([
    ['bank closed', 1],
    ['unknown account', 1],
  ]),
  paused: 0,
  open: 0,
  dead: 0,
  accounts: 2,
  openingTotal: '20000.00',
  balancesTotal: '19899.99',
  reservedTotal: '0.00',
  bookedTotal: '100.01',
  sagasAmiss: 0,
  entriesAmiss: 0,
  accountsAmiss: 0,
};

describe('the kill plan', () => {
  it.each([0, 1, 3, 4, 6, 7, 8, 20, 21])('spreads %i kills over the points', (kills) => {
    const plan = killPlan(kills);
    expect(plan).toHaveLength(kills);
    for (const point of ['takein.after', 'step.afterEffect', 'tcc.decided']) {
      expect(plan.filter((each) => each === point).length).toBeGreaterThanOrEqual(
        Math.floor(kills / 4),
      );
    }
  });

  it('lets some passes by, unless it is in a hurry or the point is rare', () => {
    expect(hitsBefore('tcc.decided', 0.99, false)).toBeGreaterThan(10);
    expect(hitsBefore('tcc.decided', 0.99, true)).toBe(1);
    expect(hitsBefore('takein.after', 0.99, false)).toBe(1);
  });
});

describe('the faults of Redis', () => {
  it('are ten wipes and three kills of thirteen', () => {
    const faults = Array.from({ length: 13 }, (_, counted) => faultAt(counted));
    expect(faults.filter((fault) => fault === 'FLUSHALL')).toHaveLength(10);
    expect(faults.filter((fault) => fault === 'SIGKILL')).toHaveLength(3);
  });
});

describe('the verdict', () => {
  it('finds nothing wrong where all is well', () => {
    expect(faultsOf(OUTCOME)).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, RegExp]>([
    [
      'a cent lost',
      { balancesTotal: '19899.98' },
      /make 19999\.99, the accounts began with 20000\.00/,
    ],
    ['a cent made', { bookedTotal: '100.02' }, /make 20000\.01/],
    ['money still reserved', { reservedTotal: '0.01' }, /0\.01 are still reserved/],
    ['a transfer that goes on', { open: 1 }, /1 transfers have not ended/],
    ['a paused transfer', { paused: 2 }, /2 transfers are paused/],
    ['a saga without its entry', { sagasAmiss: 1 }, /lack their ledger entry/],
    ['an entry without its saga', { entriesAmiss: 1 }, /belong to no completed saga/],
    ['an account that disagrees', { accountsAmiss: 1 }, /do not agree with the ledger/],
  ])('finds %s', (_name, change, words) => {
    expect(faultsOf({ ...OUTCOME, ...change })).toEqual([expect.stringMatching(words)]);
  });

  it.each(['0.00', '0.05', '-0.05', '12.30', '123456789012345678901234.56'])(
    'reads and writes %s without losing a cent',
    (text) => expect(money(cents(text))).toBe(text),
  );
});

describe('the report', () => {
  it('has the promised keys, in their order, with money as text', () => {
    const counters = { bookkeepingCommits: 1, handlerCommits: 11, queueJobs: 2 };
    const pace = { seconds: 1.23456, latencyMs: { p50: 10.04, p99: 20.06 } };
    const round = { outcome: OUTCOME, pace, counters, endedNow: 4 };
    expect(JSON.stringify(jsonReport(round, 3, { kills: 5, redis: null }))).toBe(
      '{"orders":4,"completed":2,"compensated":{"insufficient_funds":0,"bank_closed":1,"unknown_account":1},' +
        '"paused":0,"balances_total":"19899.99","booked_total":"100.01","seconds":1.235,"sagas_per_second":3.2,' +
        '"latency_ms":{"p50":10,"p99":20.1},"queue_jobs":2,"commits_per_saga":3,"rounds":3,"kills":5}',
    );
    const toll = { kills: 0, redis: { faults: 13, tickingAgainMsMax: 2_000 } };
    expect(jsonReport(round, 3, toll)).toMatchObject({
      redis_faults: 13,
      ticking_again_ms_max: 2_000,
    });
  });
});
