import type { DataSourceOptions } from 'typeorm';

/**
 * The options of the application's DataSource, for a second one of the engine's own: a few connections to the same
 * database, so that handlers that wait for theirs cannot starve the renewal of leases. It knows no entities and changes
 * no schema. Where reads go to replicas, the engine's go to the primary: a copy that lags behind would show it sagas as
 * they were.
 */
export function engineOptions<Options extends DataSourceOptions>(options: Options): Options {
  const { replication, ...rest } = options as Options & Replicated;
  return {
    ...rest,
    ...replication?.master,
    entities: [],
    migrations: [],
    subscribers: [],
    synchronize: false,
    migrationsRun: false,
    dropSchema: false,
    cache: false,
    logging: false,
  } as unknown as Options;
}

interface Replicated {
  readonly replication?: { readonly master: object };
}
