import type { CallerTx, SagaReport, Store } from '@tenon/core';
import { Engine } from '@tenon/engine';
import {
  InProcessQueue,
  MemoryStore,
  VirtualClock,
  inProcessDispatcher,
  type MemoryRow,
} from '@tenon/testing';
import { CLOSED_BANK, bank, type Order } from './bank';
import { Life } from './killable';

const ORDERS = 40;
const PROCESSES = 3;
const STEP_MS = 25;
/** Virtual time after which what has not ended is taken for stuck: ten minutes. */
const STEPS_MAX = 24_000;

/** What a simulation leaves behind. */
export interface Aftermath {
  readonly orders: readonly Order[];
  readonly reports: readonly SagaReport[];
  readonly accounts: ReadonlyMap<string, MemoryRow>;
  /** In the order of the commits. */
  readonly ledger: readonly MemoryRow[];
  readonly kills: number;
  readonly wipes: number;
  readonly log: readonly string[];
}

/** Runs orders through engines that are killed, on a queue that is wiped, with handlers that fail and hang. */
export async function simulate(seed: number): Promise<Aftermath> {
  const chance = randomFrom(seed);
  const clock = new VirtualClock(undefined, chance);
  const store = new MemoryStore(clock);
  const queue = new InProcessQueue(clock);
  const log: string[] = [];
  const { transfer, handlers } = bank((signal) => strike(chance, clock, signal));

  const start = (number: number): { readonly life: Life; readonly engine: Engine } => {
    const life = new Life();
    const say = (line: string): void => void log.push(`${number}: ${line}`);
    const engine = new Engine(
      {
        // The engine hands its handlers what the store gives it; the handlers of this bank know a MemoryTx.
        store: life.store(store) as unknown as Store,
        dispatcher: life.dispatcher(inProcessDispatcher(queue)),
        clock,
        logger: { log: say, warn: say, error: say },
        sessionMs: 1_000,
        pollMsMax: 200,
        requeueMs: 1_000,
        inlineMax: 2,
        chunkSizeMax: 3,
      },
      `process ${number}`,
    );
    engine.registry.add(transfer);
    void engine.start((handler) => handlers.get(handler));
    return { life, engine };
  };

  let [started, kills, wipes] = [0, 0, 0];
  const processes = Array.from({ length: PROCESSES }, () => start(++started));
  const orders: Order[] = [];
  const ids: string[] = [];
  for (let step = 0; step < STEPS_MAX; step++) {
    if (orders.length < ORDERS && chance() < 0.4) {
      const order = makeOrder(orders.length, chance);
      const { engine } = processes[0]!;
      const tx = store.begin();
      const { id } = await engine.client.start(tx as unknown as CallerTx, transfer, order);
      await (chance() < 0.1 ? tx.rollback() : tx.commit());
      if ((await store.findSaga(id)) !== null) {
        orders.push(order);
        ids.push(id);
      }
    }
    if (kills < orders.length / 5 && chance() < 0.1) {
      const victim = Math.floor(chance() * PROCESSES);
      processes[victim]!.life.kill();
      processes[victim] = start(++started);
      kills += 1;
    }
    if (wipes < orders.length / 15 && chance() < 0.1) {
      queue.wipe();
      wipes += 1;
    }
    await clock.advance(STEP_MS);
    await letOthersRun();
    if (orders.length === ORDERS && (await areDone(store, ids))) break;
  }
  const reports = await Promise.all(ids.map(async (id) => (await store.findSaga(id))!));
  const [accounts, ledger] = await store.transaction((tx) =>
    Promise.all([tx.rows('account'), tx.rows('ledger')]),
  );
  for (const { life } of processes) life.kill();
  return { orders, reports, accounts, ledger: [...ledger.values()], kills, wipes, log };
}

function makeOrder(number: number, chance: () => number): Order {
  const account = `account ${Math.floor(chance() * 4)}`;
  const to = chance() < 0.15 ? CLOSED_BANK : 'AB';
  return { id: String(number), account, bank: to, cents: Math.floor(chance() * 2_500) };
}

async function areDone(store: MemoryStore, ids: readonly string[]): Promise<boolean> {
  const reports = await Promise.all(ids.map((id) => store.findSaga(id)));
  return reports.every((report) => (report?.finishedAt ?? null) !== null);
}

/** Mostly nothing; now and then slowness, an error, or a wait without end. */
async function strike(
  chance: () => number,
  clock: VirtualClock,
  signal: AbortSignal,
): Promise<void> {
  const fate = chance();
  if (fate < 0.1) throw new Error('struck');
  if (fate < 0.12) return new Promise(() => undefined);
  if (fate < 0.3) await clock.sleep(Math.floor(chance() * 200), signal);
}

/** Everything that was set in motion gets its turn before time goes on. */
async function letOthersRun(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Chance that is the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
