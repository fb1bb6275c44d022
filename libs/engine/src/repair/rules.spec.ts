// Goal: a changed `pollMsMax` reaches a queue whose scheduler is there and ticks, and repair does not set it again and again.
// Method: the rule that mends the queue, on a dispatcher that notes what it is asked.
import type { Dispatcher, Store } from '@tenon/core';
import { repairRules, type RepairContext } from './rules';

function ruleOn(dispatcher: Partial<Dispatcher>) {
  const rules = repairRules({
    store: { requeueQueued: async () => 3 } as Partial<Store> as Store,
    dispatcher: dispatcher as Dispatcher,
    ...{ sessionMs: 10_000, pollMsMax: 700, unservedGraceMs: 10_000, fenceRetentionMs: 60_000 },
    nudge: () => undefined,
  } as unknown as RepairContext);
  const rule = rules.find(({ name }) => name === 'lost-queue');
  if (rule === undefined) throw new Error('there is no rule for a lost queue');
  return rule;
}

describe('the rule for the queue', () => {
  it('sets the pace of a scheduler that is there once per process, which is no repair', async () => {
    const paces: number[] = [];
    const rule = ruleOn({
      hasScheduler: async () => true,
      ensureScheduler: async (everyMs) => void paces.push(everyMs),
    });
    for (let run = 0; run < 3; run += 1)
      expect(await rule.run()).toEqual({ found: 0, repaired: 0 });
    expect(paces).toEqual([700]);
  });

  it('sets it the next time when the queue did not answer', async () => {
    let asked = 0;
    const rule = ruleOn({
      hasScheduler: async () => true,
      ensureScheduler: async () => {
        asked += 1;
        if (asked === 1) throw new Error('away');
      },
    });
    await expect(rule.run()).rejects.toThrow('away');
    for (let run = 0; run < 2; run += 1) await rule.run();
    expect(asked).toBe(2);
  });

  it('makes a scheduler that is lost anew each time', async () => {
    const paces: number[] = [];
    const rule = ruleOn({
      hasScheduler: async () => false,
      ensureScheduler: async (everyMs) => void paces.push(everyMs),
    });
    for (let run = 0; run < 2; run += 1)
      expect(await rule.run()).toEqual({ found: 4, repaired: 4 });
    expect(paces).toEqual([700, 700]);
  });
});
