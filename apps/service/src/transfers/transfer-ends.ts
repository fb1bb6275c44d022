import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { EngineEvents } from '../engine-events';
import { Shutdown } from '../http/shutdown';

/** Requests that may wait at a time; one more is answered at once. */
const WAITING_MAX = 1_000;
/** How often the ends of transfers are looked for that another process may run. One statement for all who wait. */
const LOOK_EVERY_MS = 100;
const LOOK_EVERY_MS_MAX = 1_000;

/** Lets a request wait for the end of a transfer, whichever process carries it out. */
@Injectable()
export class TransferEnds {
  private readonly waiting = new Map<string, Set<() => void>>();
  private isLooking = false;
  private readonly logger = new Logger('Http');

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly shutdown: Shutdown,
    events: EngineEvents,
  ) {
    events.subscribe({ sagaEnded: ({ id }) => this.ended(id) });
  }

  /** Resolves when the transfer has ended, when `ms` have passed, or when the process is about to end. */
  async wait(id: string, ms: number): Promise<void> {
    if (ms === 0 || this.shutdown.signal.aborted || this.waiting.size >= WAITING_MAX) return;
    const patience = new AbortController();
    const wakeUp = (): void => patience.abort();
    this.shutdown.signal.addEventListener('abort', wakeUp, { once: true });
    const others = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, others.add(wakeUp));
    if (!this.isLooking) void this.look();
    await wait(ms, undefined, { signal: patience.signal }).catch(() => undefined);
    this.shutdown.signal.removeEventListener('abort', wakeUp);
    others.delete(wakeUp);
    if (others.size === 0 && this.waiting.get(id) === others) this.waiting.delete(id);
  }

  private ended(id: string): void {
    this.waiting.get(id)?.forEach((wakeUp) => wakeUp());
    this.waiting.delete(id);
  }

  /** Looks as long as somebody waits. */
  private async look(): Promise<void> {
    this.isLooking = true;
    let restMs = LOOK_EVERY_MS;
    while (this.waiting.size > 0) {
      try {
        for (const id of await this.endedAmong([...this.waiting.keys()])) this.ended(id);
        restMs = LOOK_EVERY_MS;
      } catch (error) {
        // Those who wait see in the end for themselves that the database is away.
        if (restMs === LOOK_EVERY_MS)
          this.logger.warn(`Nobody can look for ends: ${String(error)}`);
        restMs = Math.min(LOOK_EVERY_MS_MAX, restMs * 2);
      }
      await wait(restMs);
    }
    this.isLooking = false;
  }

  private async endedAmong(ids: readonly string[]): Promise<readonly string[]> {
    const rows = await this.dataSource
      .createQueryBuilder()
      .select('o.id', 'id')
      .from('op_log', 'o')
      .where("o.id IN (:...ids) AND o.status IN ('done', 'dead')", { ids })
      .getRawMany<{ id: unknown }>();
    return rows.map((row) => String(row.id));
  }
}
