import type { DispatchHandlers, Ticket } from '@tenon/core';

type Chunk = readonly Ticket[];

/** What calls back later; a `VirtualClock` is one. */
export interface Timers {
  after(ms: number, callback: () => void): () => void;
}

const realTimers: Timers = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** The queue behind {@link inProcessDispatcher}. Share one among several dispatchers to test several processes in one. */
export class InProcessQueue {
  private readonly chunks: Chunk[] = [];
  private readonly takers: DispatchHandlers[] = [];
  private readonly inHand = new Map<DispatchHandlers, Set<Promise<void>>>();
  private stopTicking: (() => void) | null = null;
  private isWakeUpOnItsWay = false;

  constructor(private readonly timers: Timers = realTimers) {}

  get waitingChunks(): number {
    return this.chunks.length;
  }

  get hasScheduler(): boolean {
    return this.stopTicking !== null;
  }

  /** Loses everything, as a wiped Redis does: the chunks and the scheduler. */
  wipe(): void {
    this.chunks.length = 0;
    this.stopTicking?.();
    this.stopTicking = null;
  }

  join(handlers: DispatchHandlers): void {
    this.takers.push(handlers);
    this.inHand.set(handlers, new Set());
    this.deliverSoon();
  }

  /** Gives no more to `handlers`, and waits for what they have in hand. */
  async leave(handlers: DispatchHandlers): Promise<void> {
    this.takers.splice(this.takers.indexOf(handlers), 1);
    const jobs = this.inHand.get(handlers);
    if (jobs !== undefined) await Promise.all(jobs);
    this.inHand.delete(handlers);
  }

  send(chunks: readonly Chunk[]): void {
    this.chunks.push(...chunks);
    this.deliverSoon();
  }

  wake(): void {
    if (this.isWakeUpOnItsWay) return;
    this.isWakeUpOnItsWay = true;
    setImmediate(() => {
      this.isWakeUpOnItsWay = false;
      for (const taker of this.takers) taker.onWake();
    });
  }

  schedule(everyMs: number): void {
    this.stopTicking?.();
    this.stopTicking = this.timers.after(everyMs, () => {
      this.schedule(everyMs);
      const taker = this.nextTaker('onTick');
      if (taker?.onTick) this.hold(taker, taker.onTick());
    });
  }

  private deliverSoon(): void {
    setImmediate(() => {
      for (;;) {
        const taker = this.nextTaker('onChunk');
        const chunk = taker?.onChunk ? this.chunks.shift() : undefined;
        if (!taker?.onChunk || chunk === undefined) return;
        this.hold(taker, taker.onChunk(chunk));
      }
    });
  }

  /** Those that take such jobs, in turn. */
  private nextTaker(job: 'onChunk' | 'onTick'): DispatchHandlers | undefined {
    const index = this.takers.findIndex((taker) => taker[job] !== null);
    const [taker] = index === -1 ? [] : this.takers.splice(index, 1);
    if (taker !== undefined) this.takers.push(taker);
    return taker;
  }

  /** A job that fails is lost, which a queue may do at any time: the database hands its sagas over again. */
  private hold(taker: DispatchHandlers, job: Promise<void>): void {
    const ended = job
      .catch(() => undefined)
      .then(() => {
        this.inHand.get(taker)?.delete(ended);
      });
    this.inHand.get(taker)?.add(ended);
  }
}
