import { ProblemModule } from '@tenon/admin';
import { TenonModule, type EngineOptions } from '@tenon/engine';
import {
  Global,
  Module,
  StandardSchemaValidationPipe,
  type CanActivate,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { ApiModule } from './http/api.module';
import { EngineEvents } from './engine-events';
import { Backlog } from './health/backlog';
import { HealthController } from './health/health.controller';
import { HEALTH_OPTIONS, Readiness } from './health/readiness';
import { OpenToAll } from './http/api-guard';
import { Shutdown } from './http/shutdown';
import { Metrics } from './metrics/metrics';
import { MetricsController } from './metrics/metrics.controller';
import { TransfersModule } from './transfers/transfers.module';

/** What a process of the service is made of. */
export interface ServiceOptions {
  /** Connected, with the service's entities. Nest closes it at shutdown. */
  readonly dataSource: DataSource;
  readonly engine: EngineOptions;
}

/** What a process of the service answers over HTTP. */
export interface HttpOptions extends ServiceOptions {
  /** What the engine's observer is: whoever wants to know subscribes to it. */
  readonly events: EngineEvents;
  readonly shutdown: Shutdown;
  /** False: only `/health/…` and `/metrics`. */
  readonly hasApi: boolean;
  readonly backlogAgeMsMax: number;
  /** Who may use the API. Default: everybody. */
  readonly apiGuard?: Type<CanActivate>;
}

/** The service's business: what it needs to take orders in and to carry them out. */
@Module({})
export class ServiceModule {
  static forRoot({ dataSource, engine }: ServiceOptions): DynamicModule {
    return {
      module: ServiceModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...dataSource.options, retryAttempts: 1 }),
          dataSourceFactory: async () => dataSource,
        }),
        TenonModule.forRoot(engine),
        // Your own saga modules come here.
        TransfersModule,
      ],
    };
  }
}

/** The root module of a process that answers over HTTP. */
@Global()
@Module({})
export class HttpServiceModule {
  static forRoot(options: HttpOptions): DynamicModule {
    const { engine, events, shutdown, hasApi, backlogAgeMsMax, apiGuard = OpenToAll } = options;
    const health = { dispatcher: engine.dispatcher, backlogAgeMsMax };
    return {
      module: HttpServiceModule,
      imports: [
        ServiceModule.forRoot({ ...options, engine: { ...engine, observer: events } }),
        ProblemModule,
        // A check that fails is in the answer; in the log it would stand once per probe.
        TerminusModule.forRoot({ logger: false }),
        ...(hasApi ? [ApiModule.forRoot(apiGuard)] : []),
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: APP_PIPE, useClass: StandardSchemaValidationPipe },
        { provide: EngineEvents, useValue: events },
        { provide: Shutdown, useValue: shutdown },
        { provide: HEALTH_OPTIONS, useValue: health },
        ...[Backlog, Readiness, Metrics],
      ],
      exports: [EngineEvents, Shutdown],
    };
  }
}
