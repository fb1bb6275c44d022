import type { QueueProbe, BusyMoment } from './queue-probe';
import type { Ground, Trouble } from './trouble';

/** The queue must tick again so soon after a fault, in milliseconds. */
const BACK_MS_MAX = 5_000;
/** How long a queue that does not is waited for, so that the next fault does not meet this one's, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 250;
/** Events of chunks that are let by before a fault, so that each meets another moment of the run. */
const EVENTS_MAX = 8;
/** Of so many faults one is a kill, the others wipe it: 10 and 3 of 13. */
const FAULTS_PER_KILL = 4;

type Fault = 'FLUSHALL' | 'SIGKILL';

/** A Redis that may be broken: nobody else has anything in it. */
export interface OwnRedis {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/**
 * Wipes and kills a private Redis while chunks are queued or being adopted, and measures how long it takes until
 * a tick goes through BullMQ again. A fault that met an idle queue does not count.
 */
export class RedisBreaker implements Trouble {
  readonly name = 'Redis faults';
  readonly faults: string[] = [];
  counted = 0;
  emptyRoundsInARow = 0;
  /** The longest time from a fault to the next tick that went through BullMQ, in milliseconds. */
  backMsMax = 0;
  private isClosed = false;
  private haunting: Promise<void> = Promise.resolve();

  constructor(
    readonly planned: number,
    private readonly redis: OwnRedis,
    private readonly probe: QueueProbe,
    private readonly say: (message: string) => void,
  ) {}

  haunt(ground: Ground): Promise<void> {
    this.haunting = this.hauntRound(ground);
    return this.haunting;
  }

  /** Leaves Redis alone from now on. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.probe.close();
    // Whoever waits for the round hears of it.
    await this.haunting.catch(() => undefined);
  }

  private async hauntRound({ isOver }: Ground): Promise<void> {
    const before = this.counted;
    while (this.counted < this.planned && !isOver.aborted && !this.isClosed) {
      await this.letBy(isOver);
      await this.strike();
    }
    this.emptyRoundsInARow = this.counted > before ? 0 : this.emptyRoundsInARow + 1;
  }

  /** Waits for a moment at which chunks are likely to be there. */
  private async letBy(isOver: AbortSignal): Promise<void> {
    const events = this.emptyRoundsInARow > 0 ? 1 : 1 + Math.floor(Math.random() * EVENTS_MAX);
    for (let event = 0; event < events && !isOver.aborted; event += 1) {
      await this.probe.nextChunkEvent(LOOK_MS);
    }
  }

  private async strike(): Promise<void> {
    const fault = faultAt(this.counted);
    const beganMs = performance.now();
    const moment = fault === 'FLUSHALL' ? await this.probe.flushIfBusy() : await this.killIfBusy();
    if (moment === null) return;
    this.counted += 1;
    const isBack = await this.probe.hasTickedSince(moment, PATIENCE_MS);
    const backMs = Math.ceil(performance.now() - beganMs);
    this.backMsMax = Math.max(this.backMsMax, backMs);
    const what =
      `Redis fault ${this.counted} of ${this.planned}: ${fault} with ${moment.queued} chunks queued and ` +
      `${moment.active} being adopted`;
    this.say(isBack ? `${what}; ticking again after ${backMs} ms.` : `${what}; no tick came back.`);
    if (backMs > BACK_MS_MAX) {
      this.faults.push(
        `${fault} ${this.counted} of Redis stopped the tick for ${backMs} ms; ${BACK_MS_MAX} are the limit`,
      );
    }
  }

  private async killIfBusy(): Promise<BusyMoment | null> {
    const hold = await this.probe.holdIfBusy();
    if (hold === null) return null;
    await this.redis.kill();
    // A signal that came too late met who knows what: that kill does not count.
    const moment = hold.isStill() ? hold.moment : null;
    if (!this.isClosed) await this.redis.restart();
    return moment;
  }
}

/** Which fault comes behind `counted` others. */
export function faultAt(counted: number): Fault {
  return counted % FAULTS_PER_KILL === FAULTS_PER_KILL - 1 ? 'SIGKILL' : 'FLUSHALL';
}
