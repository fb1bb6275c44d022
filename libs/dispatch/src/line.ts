import type { Job, Queue, Worker } from 'bullmq';

/** The two queues: chunks of sagas, and the relay's tick. */
export type QueueName = 'chunks' | 'ticks';

/** What is used of BullMQ's queue here, whatever it is kept in. */
export type LineQueue = Pick<
  Queue,
  'addBulk' | 'getJobScheduler' | 'getWaitingCount' | 'removeJobScheduler' | 'upsertJobScheduler'
>;

/** What is used of BullMQ's worker here, whatever its queue is kept in. */
export type LineWorker = Pick<Worker, 'close' | 'run' | 'waitUntilReady'>;

/** Does one job. The token proves to the queue that the job is ours. */
export type JobProcess = (job: Job<unknown>, token?: string) => Promise<void>;

/** The living connections to a queue server. They come and go together. */
export interface Line {
  readonly chunks: LineQueue;
  readonly ticks: LineQueue;
  /** A worker that does not run yet. */
  newWorker(queue: QueueName, process: JobProcess, onError: (error: Error) => void): LineWorker;
  /** Calls every subscriber of every process. */
  publish(): Promise<unknown>;
  /** Calls `onWake` for every {@link publish}, and once after a gap in which some may have been missed. */
  subscribe(onWake: () => void): Promise<void>;
  /** Does `work` while no other process does such work, where the server would get confused by that. */
  alone(work: () => Promise<void>): Promise<void>;
  /** Resolves when the server answers. */
  ping(): Promise<unknown>;
  /** Resolves when the server answers on the connection of the workers. That may have died unnoticed. */
  pingWorkers(): Promise<unknown>;
  /** Whether `error` will not go away by itself, so that only a new line helps. */
  isLasting(error: unknown): boolean;
  /** Cuts every connection at once, whether or not the server still answers. */
  cut(): void;
}

/** Where the queues are kept. */
export interface QueueServer {
  /** For people, with no secret in it. */
  readonly description: string;
  /** The least time between two wake-ups sent by this process, in milliseconds. */
  readonly wakeGapMs: number;
  /**
   * Connects, and makes what the queues need there.
   *
   * @throws UsageError when the server answers and cannot be used as it is.
   */
  connect(): Promise<Line>;
}

/** How our BullMQ workers work. */
export const WORKER_OPTIONS = {
  autorun: false,
  // One chunk is adopted at a time, so that no process has more in hand than it can make its own at once.
  concurrency: 1,
  // A worker that died holds its chunk for so long before another one gets it.
  lockDuration: 10_000,
  stalledInterval: 10_000,
  // BullMQ waits 15 s after a lost connection unless told otherwise.
  runRetryDelay: 500,
} as const;

/** How our BullMQ queues are kept. Nobody reads their event streams; by default they grow to 10,000 entries. */
export const QUEUE_OPTIONS = { streams: { events: { maxLen: 100 } } } as const;

/** A connection is told to be alive this often, in milliseconds, so that a silent end of the network is noticed. */
export const KEEP_ALIVE_MS = 10_000;
