// Goal: with several relays and workers at once every operation runs once, per key in order and one at a time.
// Method: workers that take in, adopt, end and release without a break; every start and end is written down and checked.
import type { HeldSaga, Ticket } from '@tenon/core';
import { ends } from './saga-records';
import { byId, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const PER_KEY = 24;
const WITHOUT_KEY = 20;
/** How often a worker looks in vain before it believes that an operation was lost. */
const VAIN_LOOKS_MAX = 500;

export function describeManyWorkers<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('many workers at once', () => {
    it('lose no wake-up, keep the order of each key and never run two of a key at the same time', async () => {
      const diary = new Diary();
      const drafts = Array.from({ length: PER_KEY }, () =>
        KEYS.map((key): Draft => ({ key })),
      ).flat();
      drafts.push(...Array.from({ length: WITHOUT_KEY }, (): Draft => ({})));
      const ids = await scene().append(...drafts);
      await Promise.all([1, 2, 3, 4].map((number) => work(diary, ids.length, number)));
      expect([...diary.ended].sort(byId)).toEqual(ids);
      expect(diary.faults).toEqual([]);
    }, 120_000);
  });

  /** Takes in few at a time, half of it through the queue, and ends what it holds in small batches. */
  async function work(diary: Diary, total: number, number: number): Promise<void> {
    const sessionId = await scene().session();
    let vainLooks = 0;
    while (diary.ended.length < total && vainLooks < VAIN_LOOKS_MAX) {
      const { held, queued } = await scene().takeIn(sessionId, {
        limit: 7,
        inlineMax: number % 2 === 0 ? 100 : 0,
      });
      const adopted =
        queued.length > 0
          ? await scene().store.adopt(queued satisfies readonly Ticket[], sessionId)
          : [];
      const sagas = [...held, ...adopted];
      vainLooks = sagas.length === 0 ? vainLooks + 1 : 0;
      await runAll(diary, sagas, sessionId, number === 4);
    }
    await scene().store.closeSession(sessionId);
  }

  async function runAll(
    diary: Diary,
    sagas: readonly HeldSaga[],
    sessionId: string,
    isShy: boolean,
  ): Promise<void> {
    let held = sagas;
    while (held.length > 0) {
      for (const saga of held) diary.begin(saga);
      await new Promise((resolve) => setImmediate(resolve));
      for (const saga of held) diary.end(saga);
      const recorded = await scene().record(sessionId, ...held.map(ends));
      diary.expectAll(held, recorded);
      // One worker hands nothing to itself: the next of its keys become pending for the others.
      held = await scene().release(isShy ? null : sessionId, held);
    }
  }
}

/** What ran, and what should not have. */
class Diary {
  readonly ended: string[] = [];
  readonly faults: string[] = [];
  private readonly running = new Map<string, string>();
  private readonly last = new Map<string, string>();

  begin({ id, key }: HeldSaga): void {
    if (key === null) return;
    const [other, before] = [this.running.get(key), this.last.get(key)];
    if (other !== undefined) this.faults.push(`${id} of ${key} began while ${other} was running`);
    if (before !== undefined && byId(before, id) >= 0)
      this.faults.push(`${id} of ${key} ran after ${before}`);
    this.running.set(key, id);
  }

  end({ id, key }: HeldSaga): void {
    this.ended.push(id);
    if (key === null) return;
    this.running.delete(key);
    this.last.set(key, id);
  }

  expectAll(held: readonly HeldSaga[], recorded: readonly string[]): void {
    for (const { id } of held)
      if (!recorded.includes(id)) this.faults.push(`${id} was not recorded`);
  }
}
