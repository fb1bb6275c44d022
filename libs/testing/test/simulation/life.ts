import type { Dispatcher, FencedCall, Store, Transition } from '@tenon/core';
import type { Clock } from '@tenon/engine';
import type { MemoryTx, VirtualClock } from '@tenon/testing';

type MemoryBackedStore = Store<MemoryTx, MemoryTx>;
type Work = (tx: MemoryTx, isEmpty: boolean) => Promise<readonly Transition[] | null>;

/** The methods of a store that answer no promise. */
const ANSWERED_AT_ONCE = new Set<string | symbol>(['classify', 'counters', 'afterCommit']);

/**
 * The life of one process. When it is killed its calls have no effect any more and are never answered; while it is frozen
 * (a blocked event loop, a machine that sleeps) nothing in it moves, and time goes on outside.
 */
export class Life {
  private readonly death = new AbortController();
  private thawed: Promise<void> = Promise.resolve();

  constructor(private readonly world: VirtualClock) {}

  get isOver(): boolean {
    return this.death.signal.aborted;
  }

  kill(): void {
    this.death.abort(new Error('killed'));
  }

  freeze(ms: number): void {
    this.thawed = this.world.sleep(ms);
  }

  /** The clock as this process sees it: what is due while it is frozen comes afterwards. */
  clock(): Clock {
    const { world } = this;
    return {
      now: () => world.now(),
      date: () => world.date(),
      random: () => world.random(),
      sleep: async (ms, signal) => {
        await world.sleep(ms, signal);
        await this.turn();
      },
      after: (ms, callback) => {
        let isWanted = true;
        const forget = world.after(ms, () => {
          void this.turn().then(() => {
            if (isWanted) callback();
          });
        });
        return () => {
          isWanted = false;
          forget();
        };
      },
    };
  }

  /** The store as this process sees it. Its open transactions are rolled back when it dies. */
  store(store: MemoryBackedStore): MemoryBackedStore {
    const { inStepTransaction } = this.mortal(store);
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'inStepTransaction') return inStepTransaction;
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function' || ANSWERED_AT_ONCE.has(name)) return member;
        return async (...given: unknown[]): Promise<unknown> => {
          await this.turn();
          return this.hear(Reflect.apply(member, target, given) as Promise<unknown>);
        };
      },
    });
  }

  /** The queue as this process sees it. */
  dispatcher(dispatcher: Dispatcher): Dispatcher {
    this.death.signal.addEventListener('abort', () => void dispatcher.close());
    return dispatcher;
  }

  private mortal(store: MemoryBackedStore): Pick<MemoryBackedStore, 'inStepTransaction'> {
    return {
      inStepTransaction: async (call: FencedCall, signal: AbortSignal, work: Work) => {
        await this.turn();
        const eitherSignal = AbortSignal.any([signal, this.death.signal]);
        return this.hear(
          store.inStepTransaction(call, eitherSignal, async (tx, isEmpty) => {
            const rows = await work(tx, isEmpty);
            await this.turn();
            return rows;
          }),
        );
      },
    };
  }

  /** Resolves when this process may do something: never again, once it is dead. */
  private async turn(): Promise<void> {
    await this.thawed;
    if (this.isOver) await new Promise(() => undefined);
  }

  private async hear<R>(answer: Promise<R>): Promise<R> {
    try {
      return await answer;
    } finally {
      await this.turn();
    }
  }
}
