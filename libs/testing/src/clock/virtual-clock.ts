interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * Time that stands still until a test turns it: the database clock of a `MemoryStore`, and the `clock` of an engine
 * (`TenonModule.forRoot({ clock })`), so that waits, leases and time-outs pass together and in order.
 */
export class VirtualClock {
  private ms = 0;
  private readonly timers = new Set<Timer>();

  /** Without `startAt` it starts at the same instant in every test. `chance` is what {@link random} answers. */
  constructor(
    private readonly startAt = new Date('2026-01-05T08:00:00Z'),
    private readonly chance: () => number = () => 0.5,
  ) {}

  /** Milliseconds since the test began. */
  now(): number {
    return this.ms;
  }

  /** The instant that the clock shows. */
  date(): Date {
    return new Date(this.startAt.getTime() + this.ms);
  }

  /** Resolves when `ms` have passed, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        forget();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const forget = this.after(ms, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  /** Calls back when `ms` have passed, unless the answered function is called first. */
  after(ms: number, callback: () => void): () => void {
    const timer = { dueMs: this.ms + Math.max(0, ms), callback };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  random(): number {
    return this.chance();
  }

  /**
   * Lets `ms` milliseconds pass. Timers fire in order, each at its own instant, and what they set in motion gets its turn
   * before the next: a loop that sleeps 100 ms goes round ten times in a second.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) {
      throw new RangeError(`A clock is not turned back; advance(${String(ms)}) was called.`);
    }
    const endMs = this.ms + ms;
    for (let next = this.firstTimer(endMs); next !== undefined; next = this.firstTimer(endMs)) {
      this.timers.delete(next);
      this.ms = Math.max(this.ms, next.dueMs);
      next.callback();
      await letOthersRun();
    }
    this.ms = endMs;
  }

  private firstTimer(untilMs: number): Timer | undefined {
    const due = [...this.timers].filter(({ dueMs }) => dueMs <= untilMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}

function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
