/** A tick may be this late, in milliseconds, beyond two intervals. */
const LATE_MS = 1_000;

/**
 * Notices a job scheduler that is there and does not tick any more: one whose next job was lost, or is held by a process
 * that died before it made the one after. Judged by whether its next slot moves on, in this process's monotonic time:
 * the slot itself is somebody's wall clock.
 */
export class TickWatch {
  private slot: number | null = null;
  private seenMs = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** True when the scheduler of interval `everyMs`, whose next slot is `next`, has moved on lately. */
  isAlive(next: number, everyMs: number): boolean {
    if (next !== this.slot) {
      this.slot = next;
      this.seenMs = this.now();
    }
    return this.now() - this.seenMs <= 2 * everyMs + LATE_MS;
  }

  /** The scheduler was made anew, or this process is itself the one that holds the tick up. */
  reset(): void {
    this.slot = null;
  }
}
