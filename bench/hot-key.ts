import { performance } from 'node:perf_hooks';

import type { NewSession, Store } from '@tenon/core';
import type { EngineOptions } from '@tenon/engine';

import type { Ground } from './bed';
import { Calls, latenciesOf, latencyOf, medianOf, startTimed, type Latency } from './latency';

/** What is measured: a stream on many keys, beside so many markers that wait for one other. */
export interface HotKeyWork {
  readonly parked: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly rounds: number;
}

/** The latencies of one round, without the parked markers and with them. */
export interface HotKeyRound {
  readonly without: Latency;
  readonly with: Latency;
}

/** What was measured: the medians of the rounds, and how much higher the p99 is with the parked markers. */
export interface HotKeyResult extends HotKeyRound {
  readonly ratio: number;
  readonly rounds: readonly HotKeyRound[];
}

/** A database with an engine's surroundings. */
export type Side = Pick<Ground, 'dataSource' | 'isPostgres' | 'makeStore' | 'makeDispatcher'>;

const COLD_KEYS = 1_000;
/** Every engine begins with a stream of this length that does not count. */
const WARM_UP_SECONDS = 0.5;
const HOLDER_SESSION_MS = 86_400_000;

/**
 * Measures commit -> handler on two databases of one server that differ in nothing but the parked markers. The two take
 * turns, so that whatever else the machine does falls on both; only one has an engine at a time.
 */
export async function hotKey(
  quiet: Side,
  crowded: Side,
  work: HotKeyWork,
  options: Partial<EngineOptions> = {},
): Promise<HotKeyResult> {
  const holder = crowded.makeStore();
  await holder.migrate();
  await holder.open();
  await park(crowded, holder, work.parked);
  const rounds: HotKeyRound[] = [];
  for (let round = 0; round < work.rounds; round += 1) {
    const first = round % 2 === 0 ? quiet : crowded;
    const early = await measure(first, work, options);
    const late = await measure(first === quiet ? crowded : quiet, work, options);
    rounds.push(first === quiet ? { without: early, with: late } : { without: late, with: early });
  }
  await holder.close();
  const [without, withThem] = [
    medianOf(rounds.map((round) => round.without)),
    medianOf(rounds.map((round) => round.with)),
  ];
  return { without, with: withThem, ratio: withThem.p99 / without.p99, rounds };
}

/** So many markers wait behind one that a session holds which does not end. */
async function park({ dataSource, isPostgres }: Side, store: Store, parked: number): Promise<void> {
  const count = parked + 1;
  const numbers = isPostgres ? `generate_series(1, ${count})` : `seq_1_to_${count}`;
  await dataSource.query(
    `INSERT INTO op_log (op_type, op_key, payload) SELECT 'timed', 'hot', '{"key":"hot"}' FROM ${numbers} AS numbers`,
  );
  const types = [{ type: 'timed', version: 1 }];
  const session: NewSession = {
    worker: 'holder',
    sessionMs: HOLDER_SESSION_MS,
    roles: ['relay'],
    versions: { timed: [1] },
  };
  const request = {
    ...{ sessionId: await store.openSession(session), types },
    ...{ limit: 500, inlineMax: 1, requeueMs: HOLDER_SESSION_MS },
  };
  for (let done = 0; done < count;) {
    const taken = await store.takeIn(request);
    done += taken.held.length + taken.parked;
  }
}

async function measure(
  side: Side,
  { perSecond, seconds }: HotKeyWork,
  options: Partial<EngineOptions>,
): Promise<Latency> {
  const calls = new Calls();
  const engine = await startTimed(side, (id) => calls.note(id, performance.now()), options);
  try {
    const keyOf = (place: number): string => `cold ${place % COLD_KEYS}`;
    const stream = (length: number): Promise<readonly number[]> =>
      latenciesOf(side, engine, calls, { perSecond, count: perSecond * length, keyOf });
    await stream(WARM_UP_SECONDS);
    return latencyOf(await stream(seconds));
  } finally {
    await engine.stop();
  }
}
