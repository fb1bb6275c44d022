import type { CallerTx, FaultPoint, HandlerClass, Saga, SagaReport, Store } from '@tenon/core';
import { Engine, type EngineOptions } from '@tenon/engine';
import {
  InProcessQueue,
  MemoryStore,
  VirtualClock,
  inProcessDispatcher,
  type MemoryRow,
} from '@tenon/testing';
import { CLOSED_BANK, bank, type Order } from './bank';
import { randomFrom, type Chance } from './chance';
import { Life } from './life';

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
  /** Where the processes were that were killed: at a fault point, or anywhere. */
  readonly kills: readonly (FaultPoint | 'anywhere')[];
  /** How often a process was frozen for longer than its session may last, or nearly. */
  readonly frozen: number;
}

/** Runs orders through engines that are killed and frozen, on a queue that is wiped, with handlers that fail and hang. */
export async function simulate(seed: number): Promise<Aftermath> {
  const world = new World(randomFrom(seed));
  await world.begin();
  for (let step = 0; step < STEPS_MAX && !(await world.isDone()); step++) await world.step();
  return world.end();
}

class World {
  private readonly clock: VirtualClock;
  private readonly store: MemoryStore;
  private readonly queue: InProcessQueue;
  private readonly transfer: Saga<Order>;
  private readonly handlers: ReadonlyMap<HandlerClass, object>;
  private readonly producer: Engine;
  private readonly lives = new Set<Life>();
  private readonly orders: Order[] = [];
  private readonly ids: string[] = [];
  private readonly kills: Aftermath['kills'][number][] = [];
  private started = 0;
  private wipes = 0;
  private frozen = 0;

  constructor(private readonly chance: Chance) {
    this.clock = new VirtualClock(undefined, chance);
    this.store = new MemoryStore(this.clock);
    this.queue = new InProcessQueue(this.clock);
    const { transfer, handlers } = bank((signal) => strike(chance, this.clock, signal));
    this.transfer = transfer;
    this.handlers = handlers;
    this.producer = this.engine(new Life(this.clock), { roles: [] });
  }

  async begin(): Promise<void> {
    await this.producer.start(() => undefined);
    this.startMissing();
  }

  /** A little of everything, and time goes on. */
  async step(): Promise<void> {
    if (this.orders.length < ORDERS && this.chance() < 0.4) await this.append();
    if (this.mayKill(0.1)) this.kill(this.someLife(), 'anywhere');
    if (this.chance() < 0.01) {
      this.frozen += 1;
      this.someLife()?.freeze(500 + this.chance() * 3_000);
    }
    if (this.wipes < this.orders.length / 15 && this.chance() < 0.1) {
      this.queue.wipe();
      this.wipes += 1;
    }
    this.startMissing();
    await this.clock.advance(STEP_MS);
    await letOthersRun();
  }

  async isDone(): Promise<boolean> {
    if (this.orders.length < ORDERS) return false;
    return (await this.reports()).every(({ finishedAt }) => finishedAt !== null);
  }

  async end(): Promise<Aftermath> {
    for (const life of this.lives) life.kill();
    const { accounts, ledger } = await this.store.transaction(async (tx) => ({
      accounts: await tx.rows('account'),
      ledger: [...(await tx.rows('ledger')).values()],
    }));
    return {
      orders: this.orders,
      reports: await this.reports(),
      accounts,
      ledger,
      kills: this.kills,
      frozen: this.frozen,
    };
  }

  private async append(): Promise<void> {
    const order = makeOrder(this.orders.length, this.chance);
    const tx = this.store.begin();
    const { id } = await this.producer.client.start(
      tx as unknown as CallerTx,
      this.transfer,
      order,
    );
    if (this.chance() < 0.1) return tx.rollback();
    await tx.commit();
    this.orders.push(order);
    this.ids.push(id);
  }

  private someLife(): Life | undefined {
    return [...this.lives][Math.floor(this.chance() * PROCESSES)];
  }

  private mayKill(probability: number): boolean {
    return this.kills.length < this.orders.length / 2 && this.chance() < probability;
  }

  private kill(life: Life | undefined, where: Aftermath['kills'][number]): void {
    if (life === undefined) return;
    life.kill();
    this.lives.delete(life);
    this.kills.push(where);
  }

  private startMissing(): void {
    while (this.lives.size < PROCESSES) {
      const life = new Life(this.clock);
      this.lives.add(life);
      const faults = { hit: (point: FaultPoint) => this.dieAt(point, life) };
      const engine = this.engine(life, { faults });
      engine.registry.add(this.transfer);
      void engine.start((handler) => this.handlers.get(handler));
    }
  }

  /** Now and then a process gets no further than a fault point. */
  private dieAt(point: FaultPoint, life: Life): Promise<void> {
    if (life.isOver || !this.mayKill(0.02)) return Promise.resolve();
    this.kill(life, point);
    return new Promise(() => undefined);
  }

  private engine(life: Life, options: Partial<EngineOptions>): Engine {
    const silent = (): void => undefined;
    return new Engine(
      {
        // The engine hands its handlers what the store gives it; the handlers of this bank know a MemoryTx.
        store: life.store(this.store) as unknown as Store,
        dispatcher: life.dispatcher(inProcessDispatcher(this.queue)),
        clock: life.clock(),
        logger: { log: silent, warn: silent, error: silent },
        sessionMs: 1_000,
        pollMsMax: 200,
        requeueMs: 1_000,
        inlineMax: this.started % 3 === 0 ? 0 : 2,
        chunkSizeMax: 3,
        ...options,
      },
      `process ${++this.started}`,
    );
  }

  private reports(): Promise<readonly SagaReport[]> {
    return Promise.all(this.ids.map(async (id) => (await this.store.findSaga(id))!));
  }
}

function makeOrder(number: number, chance: Chance): Order {
  const account = `account ${Math.floor(chance() * 4)}`;
  const to = chance() < 0.15 ? CLOSED_BANK : 'AB';
  return { id: String(number), account, bank: to, cents: Math.floor(chance() * 2_500) };
}

/** Mostly nothing; now and then slowness, an error, or a wait without end. */
async function strike(chance: Chance, clock: VirtualClock, signal: AbortSignal): Promise<void> {
  const fate = chance();
  if (fate < 0.1) throw new Error('struck');
  if (fate < 0.12) return new Promise(() => undefined);
  if (fate < 0.3) await clock.sleep(Math.floor(chance() * 200), signal);
}

/** Everything that was set in motion gets its turn before time goes on. */
async function letOthersRun(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
