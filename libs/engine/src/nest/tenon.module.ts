import {
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TenonClient } from '../client';
import { Engine } from '../engine';
import { Operator } from '../operator/operator';
import type { EngineOptions } from '../options';
import { EngineLifecycle } from './engine-lifecycle';
import { nestLogger } from './nest-logger';
import { TENON_FEATURE, type TenonFeature } from './feature';
import { defaultWorkerName } from './worker-name';

/** The engine's options, as the factory of `forRootAsync` made them. */
const ENGINE_OPTIONS = Symbol('TENON_ENGINE_OPTIONS');

/** Options of {@link TenonModule.forRootAsync}: how Nest makes the engine's options. */
export interface TenonAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the factory's parameters are what `inject` names; Nest types them so too
  readonly useFactory: (...injected: any[]) => EngineOptions | Promise<EngineOptions>;
}

/** Tenon in a Nest application: `forRoot` once, `forFeature` in every module that declares sagas. */
@Module({})
export class TenonModule {
  /** For options that need nothing from Nest. Mostly the data source comes from Nest: then {@link forRootAsync}. */
  static forRoot(options: EngineOptions): DynamicModule {
    return TenonModule.forRootAsync({ useFactory: () => options });
  }

  /**
   * @example
   * TenonModule.forRootAsync({
   *   inject: [DataSource],
   *   useFactory: (dataSource: DataSource) => ({
   *     store: postgresStore({ dataSource }),
   *     dispatcher: bullmqDispatcher({ redis: { url: process.env.REDIS_URL } }),
   *   }),
   * })
   */
  static forRootAsync(options: TenonAsyncOptions): DynamicModule {
    return {
      module: TenonModule,
      global: true,
      imports: [DiscoveryModule, ...(options.imports ?? [])],
      providers: [
        {
          provide: ENGINE_OPTIONS,
          useFactory: options.useFactory,
          inject: options.inject ?? [],
        },
        {
          provide: Engine,
          inject: [ENGINE_OPTIONS],
          useFactory: (engineOptions: EngineOptions) =>
            new Engine({ logger: nestLogger(), ...engineOptions }, defaultWorkerName()),
        },
        { provide: TenonClient, inject: [Engine], useFactory: (engine: Engine) => engine.client },
        { provide: Operator, inject: [Engine], useFactory: (engine: Engine) => engine.operator },
        EngineLifecycle,
      ],
      exports: [Engine, Operator, TenonClient],
    };
  }

  /** Declares sagas. Their handlers are found among the application's providers at boot; a missing one stops the boot. */
  static forFeature(feature: TenonFeature): DynamicModule {
    return {
      module: TenonFeatureModule,
      providers: [{ provide: TENON_FEATURE, useValue: feature }],
    };
  }
}

/** Holds what `forFeature` declared until the engine collects it at boot. */
@Module({})
export class TenonFeatureModule {}
