// Goal: with several writers, relays and workers at once every operation runs once, per key in order and one at a time.
// Method: writers that commit and roll back, workers that take in, adopt, end and release without a break, one of which
// dies. Every start and end is written down and checked.
import type { HeldSaga } from '@tenon/core';
import { Diary } from './diary';
import { ends } from './saga-records';
import { byId, marker, useScene, type Draft } from './scene';
import type { OpenStore } from './store-under-test';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const PER_KEY = 24;
const WITHOUT_KEY = 20;
const LEASE_MS = 10_000;
/** How often a worker looks in vain before it believes that an operation was lost. */
const VAIN_LOOKS_MAX = 500;

/** One worker of a crowd: how it takes work, and what it does with the keys that it frees. */
interface Manners {
  readonly takes: 'inline' | 'through the queue';
  /** A shy one hands nothing to itself: the next of its keys become pending, for the others. */
  readonly isShy?: boolean;
}

const CROWD: readonly Manners[] = [
  { takes: 'inline' },
  { takes: 'through the queue' },
  { takes: 'inline', isShy: true },
  { takes: 'through the queue' },
];

export function describeManyWorkers<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('many workers at once', () => {
    it('lose no wake-up and keep the order of each key, with all written before', async () => {
      const diary = new Diary();
      const drafts = Array.from({ length: PER_KEY }, () =>
        KEYS.map((key): Draft => ({ key })),
      ).flat();
      drafts.push(...Array.from({ length: WITHOUT_KEY }, (): Draft => ({})));
      const ids = await scene().append(...drafts);
      await Promise.all(CROWD.map((manners) => work(diary, () => ids.length, manners)));
      expect([...diary.ended].sort(byId)).toEqual(ids);
      expect(diary.faults).toEqual([]);
    }, 120_000);

    it('lose no wake-up and keep the order of each key, while writers go on', async () => {
      const diary = new Diary();
      const [written, lost]: [string[], string[]] = [[], []];
      let total = Infinity;
      const writers = Promise.all(KEYS.map((key) => write(key, written, lost)));
      const counted = writers.then(() => (total = written.length));
      await Promise.all([counted, ...CROWD.map((manners) => work(diary, () => total, manners))]);
      expect([...diary.ended].sort(byId)).toEqual([...written].sort(byId));
      expect(lost.filter((id) => diary.ended.includes(id))).toEqual([]);
      expect(diary.faults).toEqual([]);
    }, 120_000);

    it('lose nothing when one of them dies with its hands full', async () => {
      const diary = new Diary();
      const ids = await scene().append(
        ...Array.from({ length: 8 }, () => KEYS.map((key): Draft => ({ key }))).flat(),
      );
      const dead = await scene().session(LEASE_MS);
      await scene().takeIn(dead, { limit: 10 });
      await scene().passTime(LEASE_MS + 1);
      const workers = Promise.all(CROWD.map((manners) => work(diary, () => ids.length, manners)));
      expect(await scene().store.endLapsedSessions()).toBe(1);
      await workers;
      expect([...diary.ended].sort(byId)).toEqual(ids);
      expect(diary.faults).toEqual([]);
    }, 120_000);
  });

  /** Appends to one key, one transaction after another, every fifth of which rolls back. */
  async function write(key: string, written: string[], lost: string[]): Promise<void> {
    for (let number = 1; number <= PER_KEY; number++) {
      const { tx, commit, rollback } = await scene().begin();
      const [appended] = await scene().store.appendMarkers(tx, [marker({ key })]);
      const isLost = number % 5 === 0;
      (isLost ? lost : written).push(appended!.id);
      await (isLost ? rollback() : commit());
    }
  }

  /** Takes in few at a time, and ends what it holds in small batches, until all have ended. */
  async function work(diary: Diary, total: () => number, manners: Manners): Promise<void> {
    const sessionId = await scene().session();
    let vainLooks = 0;
    while (diary.ended.length < total() && vainLooks < VAIN_LOOKS_MAX) {
      const sagas = await take(sessionId, manners);
      vainLooks = sagas.length === 0 ? vainLooks + 1 : 0;
      await runAll(diary, sagas, sessionId, manners);
    }
    await scene().store.closeSession(sessionId);
  }

  async function take(sessionId: string, { takes }: Manners): Promise<readonly HeldSaga[]> {
    const request = { limit: 7, inlineMax: takes === 'inline' ? 100 : 0 };
    const due = await scene().takeDue(sessionId, request);
    const fresh = await scene().takeIn(sessionId, request);
    const tickets = [...due.queued, ...fresh.queued];
    const adopted = tickets.length > 0 ? await scene().store.adopt(tickets, sessionId) : [];
    return [...due.held, ...fresh.held, ...adopted];
  }

  async function runAll(
    diary: Diary,
    sagas: readonly HeldSaga[],
    sessionId: string,
    { isShy = false }: Manners,
  ): Promise<void> {
    let held = sagas;
    while (held.length > 0) {
      for (const saga of held) diary.begin(saga);
      await new Promise((resolve) => setImmediate(resolve));
      for (const saga of held) diary.end(saga);
      const recorded = await scene().record(sessionId, ...held.map(ends));
      diary.expectAll(held, recorded);
      held = await scene().release(isShy ? null : sessionId, held);
    }
  }
}
