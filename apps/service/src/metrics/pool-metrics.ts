import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';

/** How the connections of a pool stand. */
interface PoolState {
  readonly busy: number;
  readonly idle: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/** The application's pool: when calls wait for it, handlers and requests are slower than they need be. */
export function poolMetrics(registry: Registry, dataSource: DataSource): void {
  new Gauge({
    name: 'tenon_pool_connections',
    help: 'Connections of the pool of handlers and requests, and calls that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset();
      const state = poolState(dataSource.driver);
      if (state === null) return;
      this.set({ state: 'busy' }, state.busy);
      this.set({ state: 'idle' }, state.idle);
      this.set({ state: 'waiting' }, state.waiting);
    },
  });
}

/** TypeORM does not tell; its drivers' pools do, if one knows where to look. Null where they have changed. */
function poolState(driver: object): PoolState | null {
  if ('master' in driver) {
    const pool = driver.master as Partial<PostgresPool> | undefined;
    if (pool?.totalCount === undefined) return null;
    const { totalCount, idleCount = 0, waitingCount = 0 } = pool;
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }
  const pool = 'pool' in driver ? (driver.pool as Partial<MysqlPool> | undefined) : undefined;
  if (pool?._allConnections === undefined) return null;
  const idle = pool._freeConnections?.length ?? 0;
  const waiting = pool._connectionQueue?.length ?? 0;
  return { busy: pool._allConnections.length - idle, idle, waiting };
}

interface PostgresPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

interface MysqlPool {
  readonly _allConnections: { readonly length: number };
  readonly _freeConnections: { readonly length: number };
  readonly _connectionQueue: { readonly length: number };
}
