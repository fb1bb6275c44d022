import type { Ticket } from './store';

/** A chunk has come: see {@link DispatchHandlers.onChunk}. */
export type OnChunk = (tickets: readonly Ticket[]) => Promise<void>;

/** What the queue calls in the engine. */
export interface DispatchHandlers {
  /**
   * A chunk has arrived. The job is acknowledged when this resolves, that is once the sagas are adopted. When it rejects
   * the chunk is offered again, rather to another process, and dropped after a few times. Null in a process that runs no
   * sagas: it is offered no chunks.
   */
  readonly onChunk: OnChunk | null;
  /** The job scheduler ticks: one process of all is asked to look for work. Null in a process that does not look for any. */
  readonly onTick: (() => Promise<void>) | null;
  /** Some process has committed a marker. */
  onWake(): void;
}

/**
 * The queue: an accelerator that may lose everything at any time. Nothing here is a record, a lock or a lease; what is
 * lost is found again in the database.
 */
export interface Dispatcher {
  /** One line for people: which queue this is, with no secret in it. */
  readonly description: string;
  /**
   * Connects. With `handlers` this process also takes chunks and ticks; without, it only sends and wakes. A queue that is
   * away is no reason to reject: it is connected to when it comes. One that can never serve is.
   */
  open(handlers: DispatchHandlers | null): Promise<void>;
  /** Sends one job per chunk. Rejects, like every other question to the queue, when that does not answer within its time-out. */
  send(chunks: readonly (readonly Ticket[])[]): Promise<void>;
  /** How many chunks wait in the queue. */
  waitingChunks(): Promise<number>;
  /** Tells every relay that there is work. Coalesced, never throws: whoever misses it finds the work by its poll. */
  wake(): void;
  /** True when the job scheduler is there and ticks; false when the queue has lost it, or the tick that comes next. */
  hasScheduler(): Promise<boolean>;
  /** Creates the job scheduler that ticks every `everyMs`, or sets its interval. */
  ensureScheduler(everyMs: number): Promise<void>;
  /** Jobs sent by this process so far. */
  sentJobs(): number;
  /** Takes no more chunks, waits for those in `onChunk`, disconnects. */
  close(): Promise<void>;
}
