import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import type { HandlerClass, SagaDefinition } from '@tenon/core';
import { Engine } from '../engine';
import { TENON_FEATURE, type TenonFeature } from './feature';

/**
 * Starts the engine when the application has booted, and stops it first of all at shutdown: handlers still need their
 * data source and whatever else the application closes later.
 */
@Injectable()
export class EngineLifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly engine: Engine,
    private readonly discovery: DiscoveryService,
    private readonly moduleRef: ModuleRef,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const definition of this.declaredSagas()) this.engine.registry.add(definition);
    await this.engine.start((handler) => this.findHandler(handler));
  }

  async onModuleDestroy(): Promise<void> {
    await this.engine.stop();
  }

  private declaredSagas(): readonly SagaDefinition[] {
    return this.discovery
      .getProviders()
      .filter((provider) => provider.token === TENON_FEATURE)
      .flatMap((provider) => (provider.instance as TenonFeature).sagas);
  }

  private findHandler(handler: HandlerClass): object | undefined {
    try {
      return this.moduleRef.get<object>(handler, { strict: false });
    } catch {
      return undefined;
    }
  }
}
