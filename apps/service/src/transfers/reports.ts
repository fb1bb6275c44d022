import { Engine } from '@tenon/engine';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { EngineEvents } from '../engine-events';
import { Census } from './census';
import { transferReport, type TransferReport } from './transfer-report';

/** The report of all transfers, and what is not in it yet. */
export type FullReport = TransferReport & {
  /** Neither ended nor paused. */
  readonly open: number;
  readonly dead: number;
};

/** Counts all transfers and all money. It reads whole tables, so everybody who asks meanwhile gets the same answer. */
@Injectable()
export class Reports {
  private readonly census: Census;
  private counting: Promise<FullReport> | null = null;
  private endedHere = 0;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    private readonly engine: Engine,
    events: EngineEvents,
  ) {
    this.census = new Census(dataSource);
    events.subscribe({ sagaEnded: () => (this.endedHere += 1) });
  }

  async report(): Promise<FullReport> {
    this.counting ??= this.count().finally(() => (this.counting = null));
    return this.counting;
  }

  private async count(): Promise<FullReport> {
    const outcome = await this.census.outcome();
    const pace = await this.census.pace('0');
    const counters = this.engine.counters();
    const endedNow = this.endedHere;
    const all = outcome.orders - outcome.open - outcome.paused - outcome.dead;
    const rate = pace.seconds === 0 ? 0 : all / pace.seconds;
    return {
      ...transferReport({ outcome, pace, counters, endedNow }),
      sagas_per_second: Number(rate.toFixed(1)),
      open: outcome.open,
      dead: outcome.dead,
    };
  }
}
