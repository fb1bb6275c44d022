// Goal: no money is lost or made, no effect happens twice and no order overtakes another of its account, whatever dies.
// Method: whole engines on the memory store, a queue in memory and one virtual clock. Processes are killed and frozen, the queue is
// wiped, handlers fail, are slow and hang; chance comes from a seed, so that a failure can be run again.
import { NOT_BEGUN, replay } from '@tenon/core';
import { bank, oracle } from './simulation/bank';
import { simulate, type Aftermath } from './simulation/simulate';

const SEEDS = Array.from({ length: 12 }, (_, index) => 1_000 + index);

describe.each(SEEDS)('a world with seed %d', (seed) => {
  let world: Aftermath;
  beforeAll(async () => {
    world = await simulate(seed);
  });

  it('has seen trouble', () => {
    expect(world.kills.length).toBeGreaterThan(5);
    const attempts = world.reports.flatMap(({ history }) => history.map(({ attempt }) => attempt));
    expect(Math.max(...attempts)).toBeGreaterThan(1);
  });

  it('ends every order as arithmetic says', () => {
    const fates = world.reports.map(({ state, reason }) =>
      reason === null ? state : `${state}: ${reason}`,
    );
    expect(fates).toEqual(oracle(world.orders).fates);
  });

  it('keeps every cent, and nothing stays reserved', () => {
    for (const [account, cents] of oracle(world.orders).balances) {
      expect([account, world.accounts.get(account)]).toEqual([account, { cents, reserved: 0 }]);
    }
  });

  it('has every effect once', () => {
    const effects = world.ledger.map(
      (row) => `${String(row.sagaId)} ${String(row.branch)} ${String(row.phase)}`,
    );
    expect(new Set(effects).size).toBe(effects.length);
  });

  it('keeps the order of each account', () => {
    const lastOf = new Map<unknown, number>();
    for (const { account, sagaId } of world.ledger) {
      expect(Number(sagaId)).toBeGreaterThanOrEqual(lastOf.get(account) ?? 0);
      lastOf.set(account, Number(sagaId));
    }
  });

  it('has histories that can be replayed to their end', () => {
    const { transfer } = bank(async () => undefined);
    for (const { history, state } of world.reports) {
      expect(replay(transfer, history, NOT_BEGUN).state).toBe(state);
    }
  });
});
