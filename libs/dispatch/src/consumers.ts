import { setTimeout as sleep } from 'node:timers/promises';

import type { DispatchHandlers, OnChunk } from '@tenon/core';
import { type Job, WaitingError } from 'bullmq';

import { decodeChunk } from './chunk';
import type { JobProcess, Line, LineWorker } from './line';
import { lineOf, type Warner } from './warner';
import { isSilent, within } from './within';

const READY_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** A worker whose fetch fails tries again at once, without end: 3,200 times per second on a Redis that is full. */
const ERRORS_PER_SECOND_MAX = 100;
const LOOK_EVERY_MS = 5_000;
const PING_TIMEOUT_MS = 2_000;
/** After a chunk that could not be adopted this process takes no other for so long: another one may do better. */
const REST_MS = 1_000;
const CHUNK_TRIES_MAX = 5;

interface Dependencies {
  readonly line: Line;
  readonly handlers: DispatchHandlers;
  readonly warner: Warner;
  /** Handlers under way. Shared by all lines of a dispatcher, since a call outlives the line that brought it. */
  readonly running: Set<Promise<void>>;
  /** Aborts when no more chunks are to be taken. */
  readonly stopping: AbortSignal;
  /** These workers are of no use any more: the line has to be built anew. */
  readonly onBroken: (reason: string) => void;
}

/** Takes chunks and ticks off one line, and notices when it has ceased to. */
export class Consumers {
  private readonly workers: readonly LineWorker[];
  private ticking = 0;
  private taken = 0;
  private takenAtLastLook = 0;
  private idleLooks = 0;
  private errorsSinceMs = 0;
  private errors = 0;
  private looking: NodeJS.Timeout | undefined;

  constructor(private readonly deps: Dependencies) {
    const { line, handlers } = deps;
    const { onChunk, onTick } = handlers;
    const onError = (error: Error): void => this.failed(error);
    const workers: LineWorker[] = [];
    if (onChunk !== null) {
      const take: JobProcess = (job, token) => this.takeChunk(onChunk, job, token);
      workers.push(line.newWorker('chunks', take, onError));
    }
    if (onTick !== null) workers.push(line.newWorker('ticks', () => this.tick(onTick), onError));
    this.workers = workers;
  }

  /** Rejects when the workers could not connect: BullMQ remembers a first failure for ever (docs/decisions/010-what-bullmq-survives.md). */
  async start(): Promise<void> {
    const ready = Promise.all(this.workers.map((worker) => worker.waitUntilReady()));
    await within(READY_TIMEOUT_MS, 'the start of the queue workers', ready);
    for (const worker of this.workers) {
      worker.run().then(
        () => this.ended('a queue worker ended'),
        (error: unknown) => this.ended(lineOf(error)),
      );
    }
    this.looking = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  /** True while this process is at work on a tick. */
  get isTicking(): boolean {
    return this.ticking > 0;
  }

  /** Acknowledges what is done, if the server still answers, and ends the workers. */
  async close(isReachable: boolean): Promise<void> {
    clearInterval(this.looking);
    const closed = Promise.all(this.workers.map((worker) => worker.close(!isReachable)));
    await within(CLOSE_TIMEOUT_MS, 'the end of the queue workers', closed).catch(() => undefined);
  }

  private async takeChunk(onChunk: OnChunk, job: Job<unknown>, token?: string): Promise<void> {
    const { stopping, warner } = this.deps;
    if (stopping.aborted) return putBack(job, token);
    this.taken += 1;
    const tickets = decodeChunk(job.data);
    try {
      await this.track(onChunk(tickets));
    } catch (error) {
      warner.warn(`a chunk was not adopted (${lineOf(error)})`);
      // What nobody can adopt is dropped in the end: the database hands its sagas out again.
      if (job.attemptsStarted >= CHUNK_TRIES_MAX) throw error;
      const back = putBack(job, token);
      await Promise.allSettled([back, sleep(REST_MS, undefined, { signal: stopping })]);
      return back;
    }
  }

  private async tick(onTick: () => Promise<void>): Promise<void> {
    const { stopping, warner } = this.deps;
    if (stopping.aborted) return;
    this.ticking += 1;
    try {
      await this.track(onTick());
    } catch (error) {
      warner.warn(`a tick failed: ${lineOf(error)}`);
    } finally {
      this.ticking -= 1;
    }
  }

  private async track(work: Promise<void>): Promise<void> {
    const settled = work.catch(() => undefined);
    this.deps.running.add(settled);
    try {
      await work;
    } finally {
      this.deps.running.delete(settled);
    }
  }

  private failed(error: unknown): void {
    const { line, warner, onBroken, stopping } = this.deps;
    if (stopping.aborted) return;
    warner.warn(lineOf(error));
    if (line.isLasting(error)) onBroken(lineOf(error));
    const now = performance.now();
    if (now - this.errorsSinceMs > 1_000) {
      this.errorsSinceMs = now;
      this.errors = 0;
    }
    this.errors += 1;
    if (this.errors > ERRORS_PER_SECOND_MAX) onBroken(`too many errors: ${lineOf(error)}`);
  }

  private ended(reason: string): void {
    if (!this.deps.stopping.aborted) this.deps.onBroken(reason);
  }

  /** Neither a connection that has died without a word nor a worker that has gone deaf tells of it. */
  private async look(): Promise<void> {
    const { line, handlers, running, warner, onBroken, stopping } = this.deps;
    for (const ping of [() => line.ping(), () => line.pingWorkers()]) {
      if (await isSilent(PING_TIMEOUT_MS, ping)) {
        onBroken('the server does not answer');
        return;
      }
    }
    if (handlers.onChunk === null) return;
    try {
      const waiting = await line.chunks.getWaitingCount();
      // Chunks wait, this process is idle, and it has taken none since it looked last.
      const isDeaf = waiting > 0 && running.size === 0 && this.taken === this.takenAtLastLook;
      this.idleLooks = isDeaf ? this.idleLooks + 1 : 0;
      this.takenAtLastLook = this.taken;
      if (this.idleLooks >= 2) onBroken(`${waiting} chunks wait and none is taken`);
    } catch (error) {
      if (!stopping.aborted) warner.warn(lineOf(error));
    }
  }
}

/** Gives a job back for another process, and tells BullMQ that it was neither done nor failed. */
async function putBack(job: Job<unknown>, token?: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}
