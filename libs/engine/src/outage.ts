import type { StoreErrorKind } from '@tenon/core';
import type { Clock } from './clock/clock';
import { errorLine, type EngineLogger } from './logger';

const DELAY_MS_MIN = 50;
const DELAY_MS_MAX = 1_000;
/** Conflicts in a row, each of which the store has tried to get over already, before a person is told. */
const CONFLICTS_TOLD = 5;

interface Dependencies {
  readonly clock: Clock;
  readonly logger: EngineLogger;
  readonly classify: (error: unknown) => StoreErrorKind;
}

/**
 * Keeps trying work that needs the database while the database is away, and tells a person once when it went and once
 * when it came back. Every other error is thrown at once.
 */
export class Outage {
  private since: number | null = null;

  constructor(private readonly deps: Dependencies) {}

  /** Answers null as soon as `signal` aborts, whatever the work is waiting for. */
  async outlast<R>(what: string, signal: AbortSignal, work: () => Promise<R>): Promise<R | null> {
    let conflicts = 0;
    for (
      let delayMs = DELAY_MS_MIN;
      !signal.aborted;
      delayMs = Math.min(DELAY_MS_MAX, delayMs * 2)
    ) {
      try {
        const result = await unlessAborted(signal, work);
        if (result !== ABORTED) this.isOver();
        return result === ABORTED ? null : result;
      } catch (error) {
        const kind = this.deps.classify(error);
        if (kind !== 'unavailable' && kind !== 'conflict') throw error;
        if (kind === 'unavailable') this.begins(what, error);
        else if ((conflicts += 1) === CONFLICTS_TOLD)
          this.deps.logger.warn(
            `Another transaction is in the way (${what}: ${errorLine(error)}). It is tried again.`,
          );
        await this.deps.clock.sleep(delayMs * (0.5 + this.deps.clock.random() / 2), signal);
      }
    }
    return null;
  }

  private begins(what: string, error: unknown): void {
    if (this.since !== null) return;
    this.since = this.deps.clock.now();
    this.deps.logger.warn(
      `The database does not answer (${what}: ${errorLine(error)}). Trying again until it does.`,
    );
  }

  private isOver(): void {
    if (this.since === null) return;
    const seconds = ((this.deps.clock.now() - this.since) / 1000).toFixed(1);
    this.since = null;
    this.deps.logger.log(`The database answers again, after ${seconds} s.`);
  }
}

const ABORTED = Symbol('aborted');

function unlessAborted<R>(
  signal: AbortSignal,
  work: () => Promise<R>,
): Promise<R | typeof ABORTED> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(ABORTED);
    signal.addEventListener('abort', onAbort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
