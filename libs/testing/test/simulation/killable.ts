import type { Dispatcher, Store } from '@tenon/core';
import type { MemoryTx } from '@tenon/testing';

/** The methods of a store that answer no promise: what is still on its way in a dead process may call them. */
const ANSWERED_AT_ONCE = new Set<string | symbol>(['classify', 'counters', 'afterCommit']);

type MemoryBackedStore = Store<MemoryTx, MemoryTx>;

/** A process that can die: from then on its calls have no effect and are never answered, as after a SIGKILL. */
export class Life {
  private readonly death = new AbortController();

  get isOver(): boolean {
    return this.death.signal.aborted;
  }

  kill(): void {
    this.death.abort(new Error('killed'));
  }

  /** The store as this process sees it. Its open transactions are rolled back when it dies. */
  store(store: MemoryBackedStore): MemoryBackedStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          if (this.isOver && !ANSWERED_AT_ONCE.has(name)) return new Promise(() => undefined);
          const answer: unknown = Reflect.apply(member, target, this.mortal(name, given));
          return answer instanceof Promise ? this.unlessDead(answer) : answer;
        };
      },
    });
  }

  /** The queue as this process sees it. */
  dispatcher(dispatcher: Dispatcher): Dispatcher {
    this.death.signal.addEventListener('abort', () => void dispatcher.close());
    return dispatcher;
  }

  /** Resolves as `answer` does while the process lives, and never after its death. */
  private unlessDead<R>(answer: Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => {
          if (!this.isOver) resolve(value);
        },
        (error: unknown) => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- handed on as it came
          if (!this.isOver) reject(error);
        },
      );
    });
  }

  private mortal(name: string | symbol, given: readonly unknown[]): readonly unknown[] {
    if (name !== 'inStepTransaction') return given;
    const [call, signal, work] = given;
    return [call, AbortSignal.any([signal as AbortSignal, this.death.signal]), work];
  }
}
