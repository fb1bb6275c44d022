import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A call that may be asked for at any rate: at most one is under way and at most one more waits behind it. Never throws;
 * a failed call is forgotten, because the next one says the same.
 */
export class Coalesced {
  private isUnderWay = false;
  private isWanted = false;

  /** `gapMs`: the least time between the end of a call and the next. */
  constructor(
    private readonly call: () => Promise<unknown>,
    private readonly gapMs: number,
  ) {}

  ask(): void {
    this.isWanted = true;
    if (!this.isUnderWay) void this.run();
  }

  private async run(): Promise<void> {
    this.isUnderWay = true;
    while (this.isWanted) {
      this.isWanted = false;
      try {
        await this.call();
      } catch {
        // Whoever misses a wake-up finds the work by its poll; that the queue is away is told elsewhere.
      }
      await sleep(this.gapMs, undefined, { ref: false });
    }
    this.isUnderWay = false;
  }
}
