import type { Dispatcher, TypeBacklog } from '@tenon/core';
import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Shutdown } from '../http/shutdown';
import { Backlog } from './backlog';

/** What readiness is judged by. */
export interface HealthOptions {
  readonly dispatcher: Dispatcher;
  readonly backlogAgeMsMax: number;
}
export const HEALTH_OPTIONS = Symbol('TENON_HEALTH_OPTIONS');

/** A probe is answered within so many milliseconds, whatever hangs. */
const ANSWER_MS_MAX = 2_000;

/** The parts of readiness, each by itself. */
@Injectable()
export class Readiness {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly backlog: Backlog,
    private readonly shutdown: Shutdown,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(HEALTH_OPTIONS) private readonly options: HealthOptions,
  ) {}

  /** Nobody should send anything to a process that is about to end. */
  process(): HealthIndicatorResult {
    const indicator = this.indicators.check('process');
    return this.shutdown.signal.aborted
      ? indicator.down('This process is being stopped.')
      : indicator.up();
  }

  async database(): Promise<HealthIndicatorResult> {
    return this.indicators
      .check('database')
      .attempt(async () => {
        await this.dataSource.query('SELECT 1');
      })
      .withTimeout(ANSWER_MS_MAX);
  }

  /** Without its queue the service goes on, only slower: to take it out of service for that would make it worse. */
  async queue(): Promise<HealthIndicatorResult> {
    const { dispatcher } = this.options;
    const indicator = this.indicators.check('queue');
    try {
      const waitingChunks = await within(ANSWER_MS_MAX, dispatcher.waitingChunks());
      return indicator.up({ waitingChunks });
    } catch {
      return indicator.degraded({
        message: `${dispatcher.description} does not answer. Sagas run in the process that takes them in until it does.`,
      });
    }
  }

  async backlogAge(): Promise<HealthIndicatorResult> {
    const { backlogAgeMsMax } = this.options;
    const indicator = this.indicators.check('backlog');
    let types: readonly TypeBacklog[];
    try {
      types = await within(ANSWER_MS_MAX, this.backlog.read());
    } catch {
      return indicator.down('The database does not answer.');
    }
    const oldestMs = Math.max(0, ...types.map((type) => type.oldestPendingMs));
    const details = {
      pending: sum(types, (type) => type.pending),
      oldestMs: Math.round(oldestMs),
      paused: sum(types, (type) => type.live.paused ?? 0),
      dead: sum(types, (type) => type.dead),
    };
    if (oldestMs <= backlogAgeMsMax) return indicator.up(details);
    const message = `Something has been due for ${Math.round(oldestMs)} ms; ${backlogAgeMsMax} ms are the limit. Is a process with the roles relay and worker alive?`;
    return indicator.down({ ...details, message });
  }
}

function sum(types: readonly TypeBacklog[], of: (type: TypeBacklog) => number): number {
  return types.reduce((total, type) => total + of(type), 0);
}

/** Rejects when `work` takes too long. What it still does is of no interest any more. */
async function within<Answer>(ms: number, work: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
