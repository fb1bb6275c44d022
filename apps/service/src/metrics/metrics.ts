import { Engine } from '@tenon/engine';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { EngineEvents } from '../engine-events';
import { Backlog } from '../health/backlog';
import { backlogMetrics } from './backlog-metrics';
import { counterMetrics } from './counter-metrics';
import { flowMetrics } from './flow-metrics';
import { poolMetrics } from './pool-metrics';

/** The metrics of this process, in a registry of its own: an application may have others beside it. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  constructor(
    engine: Engine,
    events: EngineEvents,
    backlog: Backlog,
    @InjectDataSource() dataSource: DataSource,
  ) {
    const { registry } = this;
    // Of the process itself: CPU, memory, and how late its event loop is.
    collectDefaultMetrics({ register: registry });
    events.subscribe(flowMetrics(registry));
    counterMetrics(registry, () => engine.counters());
    backlogMetrics(registry, () => backlog.read());
    poolMetrics(registry, dataSource);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    return this.registry.metrics();
  }
}
