import { TenonModule, type EngineOptions } from '@tenon/engine';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { TransfersModule } from './transfers/transfers.module';

/** What a process of the service is made of. */
export interface ServiceOptions {
  /** Connected, with the service's entities. Nest closes it at shutdown. */
  readonly dataSource: DataSource;
  readonly engine: EngineOptions;
}

/** The root module of the service. */
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
        TransfersModule,
      ],
    };
  }
}
