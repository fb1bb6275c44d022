import type { Dispatcher, FaultPoints, Store, TakeRequest, Taken, Ticket } from '@tenon/core';
import type { Clock } from './clock/clock';
import { errorLine, type EngineLogger } from './logger';
import type { Outage } from './outage';
import type { Session, SessionKeeper } from './session';
import type { Worker } from './worker';

interface Dependencies {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly sessions: SessionKeeper;
  /** Null in a process that only takes in and dispatches. */
  readonly worker: Worker | null;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly logger: EngineLogger;
  readonly faults: FaultPoints;
  readonly types: TakeRequest['types'];
  readonly pollMsMax: number;
  readonly inlineMax: number;
  readonly chunkSizeMax: number;
  readonly requeueMs: number;
}

/** Markers per claim: one short transaction. */
const TAKE_MAX = 500;
/** With so many chunks waiting for workers no more are made: what is not taken in is best kept by the database. */
const CHUNKS_WAITING_MAX = 10;
/** After a failed send the queue is left alone for this long, in milliseconds. */
const QUEUE_REST_MS = 2_000;
/** The first rest with something due that could not be claimed, in milliseconds. Each further one is twice as long. */
const BUSY_REST_MS_MIN = 5;

/**
 * Takes markers in and dispatches their sagas: a few are run here at once, many go through the queue in chunks. One claim
 * is under way at a time; whatever asks for another meanwhile is answered by one more round behind it.
 */
export class Relay {
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private isNudged = true;
  private wakeUp: (() => void) | null = null;
  private hasBacklog = false;
  private queueRestsUntilMs = 0;
  private isQueueAway = false;
  private busyRestMs = BUSY_REST_MS_MIN;

  constructor(private readonly deps: Dependencies) {}

  start(): void {
    this.loop = this.run();
  }

  /** No claim is begun any more; resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.nudge();
    await this.loop;
  }

  /** There is work: looks for it now. */
  nudge(): void {
    this.isNudged = true;
    this.wakeUp?.();
  }

  /** There will be work: looks for it after `delayMs`. */
  nudgeIn(delayMs: number): void {
    // What lies behind the next polls is theirs to find, and costs no timer.
    if (delayMs <= this.deps.pollMsMax) this.deps.clock.after(delayMs + 1, () => this.nudge());
  }

  /** A worker has made room. Of interest only while there is more work than room. */
  roomAgain(): void {
    if (this.hasBacklog) this.nudge();
  }

  private async run(): Promise<void> {
    const { logger, clock, pollMsMax } = this.deps;
    while (!this.stopping.signal.aborted) {
      try {
        await this.lookForWork();
      } catch (error) {
        logger.error(`The relay met an error and goes on: ${errorLine(error)}`);
        await clock.sleep(pollMsMax, this.stopping.signal);
      }
    }
  }

  private async lookForWork(): Promise<void> {
    const isDue = this.isNudged || (await this.nextDueMs()) === 0;
    if (isDue) {
      this.isNudged = false;
      while (await this.round());
    }
    const dueMs = await this.nextDueMs();
    await this.rest(dueMs === 0 ? this.nextBusyRestMs() : dueMs);
  }

  /**
   * Something is due and was not claimed: it became so just now, or someone else is claiming it, or there is no room. So ask
   * again soon, and less and less often: neither rest for a whole poll nor ask without end.
   */
  private nextBusyRestMs(): number {
    const restMs = this.busyRestMs;
    this.busyRestMs = Math.min(this.deps.pollMsMax, restMs * 2);
    return restMs;
  }

  private async nextDueMs(): Promise<number> {
    const { store, outage, pollMsMax } = this.deps;
    if (this.isNudged) return 0;
    return (
      (await outage.outlast('look for work', this.stopping.signal, () =>
        store.nextDueMs(this.claimableTypes(), pollMsMax),
      )) ?? pollMsMax
    );
  }

  /**
   * The types that this process claims now. One that fills its share of this process (because its handlers hang, it may be)
   * is left to others: its backlog would fill the queue as well, and all types wait behind it.
   */
  private claimableTypes(): TakeRequest['types'] {
    const { worker, types } = this.deps;
    if (worker === null) return types;
    const claimable = types.filter(({ type }) => worker.hasRoomFor(type));
    return claimable.length === 0 ? types : claimable;
  }

  private async rest(ms: number): Promise<void> {
    if (this.isNudged) return;
    const nap = new AbortController();
    this.wakeUp = () => nap.abort();
    // A little less than asked for, by chance: the processes of a cluster do not poll in step.
    await this.deps.clock.sleep(ms * (0.9 + this.deps.clock.random() / 10), nap.signal);
    this.wakeUp = null;
  }

  /** TAKE IN and DISPATCH, one batch. True when there is likely to be more. */
  private async round(): Promise<boolean> {
    const session = await this.deps.sessions.living();
    if (session === null || this.stopping.signal.aborted) return false;
    const request = await this.request(session);
    if (request === null) return false;
    const { store, outage, faults } = this.deps;
    const { signal } = this.stopping;
    const fresh = await outage.outlast('take in', signal, () => store.takeIn(request));
    if (fresh === null) return false;
    await faults.hit('takein.after');
    await this.dispatch(fresh, session);
    const due = await outage.outlast('take due sagas', signal, () => store.takeDue(request));
    if (due !== null) await this.dispatch(due, session);
    const [freshSize, dueSize] = [sizeOf(fresh), due === null ? 0 : sizeOf(due)];
    if (freshSize + dueSize > 0) this.busyRestMs = BUSY_REST_MS_MIN;
    const isMoreLikely = freshSize >= request.limit || dueSize >= request.limit;
    this.hasBacklog = isMoreLikely || request.types.length < this.deps.types.length;
    return isMoreLikely;
  }

  /** What may be claimed now, or null when neither this process nor the queue has room. */
  private async request(session: Session): Promise<TakeRequest | null> {
    const { worker, requeueMs } = this.deps;
    const types = this.claimableTypes();
    const room = worker === null ? 0 : Math.min(...types.map(({ type }) => worker.roomFor(type)));
    const queue = await this.queueRoom();
    if (queue === 'full' || (queue === 'out of order' && room === 0)) return null;
    // Without a queue this process takes what it can run itself.
    const limit = queue === 'free' ? TAKE_MAX : Math.min(TAKE_MAX, room);
    const inlineMax = queue === 'free' ? Math.min(this.deps.inlineMax, room) : limit;
    return { limit, inlineMax, sessionId: session.id, types, requeueMs };
  }

  /** Asks the queue only while there is a backlog: a quiet process spares the round trip. */
  private async queueRoom(): Promise<'free' | 'full' | 'out of order'> {
    if (this.deps.clock.now() < this.queueRestsUntilMs) return 'out of order';
    if (!this.hasBacklog) return 'free';
    try {
      const waiting = await this.deps.dispatcher.waitingChunks();
      this.queueAnswered();
      return waiting >= CHUNKS_WAITING_MAX ? 'full' : 'free';
    } catch (error) {
      this.queueFailed(error);
      return 'out of order';
    }
  }

  private async dispatch(taken: Taken, session: Session): Promise<void> {
    this.deps.worker?.run(taken.held, session);
    if (taken.queued.length === 0) return;
    try {
      await this.deps.dispatcher.send(chunksOf(taken.queued, this.deps.chunkSizeMax));
      this.queueAnswered();
      await this.deps.faults.hit('dispatch.after');
    } catch (error) {
      this.queueFailed(error);
      // They are marked as queued and are not: make them due again, to be run here while the queue rests.
      await this.deps.outage.outlast('requeue', this.stopping.signal, () =>
        this.deps.store.requeueQueued(),
      );
      this.nudge();
    }
  }

  private queueAnswered(): void {
    if (!this.isQueueAway) return;
    this.isQueueAway = false;
    this.deps.logger.log('The queue answers again.');
  }

  private queueFailed(error: unknown): void {
    this.queueRestsUntilMs = this.deps.clock.now() + QUEUE_REST_MS;
    if (this.isQueueAway) return;
    this.isQueueAway = true;
    this.deps.logger.warn(
      `The queue does not answer (${errorLine(error)}). Sagas run in the process that takes them in until it does.`,
    );
  }
}

function sizeOf(taken: Taken): number {
  return taken.held.length + taken.queued.length + taken.parked;
}

function chunksOf(tickets: readonly Ticket[], sizeMax: number): readonly (readonly Ticket[])[] {
  const chunks: (readonly Ticket[])[] = [];
  for (let start = 0; start < tickets.length; start += sizeMax)
    chunks.push(tickets.slice(start, start + sizeMax));
  return chunks;
}
