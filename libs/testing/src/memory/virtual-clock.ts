/** The clock of a {@link MemoryStore}, which stands still until a test turns it. It is the store's database clock. */
export class VirtualClock {
  private ms: number;

  /** Without `startAt` it starts at the same instant in every test. */
  constructor(startAt = new Date('2026-01-05T08:00:00Z')) {
    this.ms = startAt.getTime();
  }

  now(): Date {
    return new Date(this.ms);
  }

  /** Lets `ms` milliseconds pass: waits become due, leases run out. */
  advance(ms: number): void {
    if (!(ms >= 0))
      throw new RangeError(`A clock is not turned back; advance(${String(ms)}) was called.`);
    this.ms += ms;
  }
}
