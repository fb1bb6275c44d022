import { performance } from 'node:perf_hooks';

/**
 * Time and chance for the engine, so that a test can turn the clock. Only durations are measured here: whether something
 * is due or has lapsed is decided by the database's clock.
 */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** What this host's clock shows. For hints only: it may differ from the database's. */
  date(): Date;
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after `ms` unless the answered function is called first. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** 0..1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  // eslint-disable-next-line no-restricted-syntax -- this is the adapter that the engine takes its time from
  date: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
  // eslint-disable-next-line no-restricted-syntax -- this is the adapter that the engine takes its chance from
  random: () => Math.random(),
};
