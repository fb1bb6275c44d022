import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

const pools = new WeakSet<Pool>();
const clients = new WeakSet<PoolClient>();

/**
 * pg tells by an event that a connection broke, and an event of this kind that nobody hears ends the process. Its pool
 * listens while a connection is idle, TypeORM while it uses one. In the moment between the two nobody does, and a server
 * that dies just then had its last words read in one packet with the answer that made the connection ready. So every
 * connection gets a listener for life. It need not do anything: whatever was under way is rejected besides.
 */
export function watchConnections(dataSource: DataSource): void {
  const { master: pool } = dataSource.driver as unknown as { readonly master?: Pool };
  if (pool === undefined || pools.has(pool)) return;
  pools.add(pool);
  pool.on('acquire', (client) => {
    if (clients.has(client)) return;
    clients.add(client);
    client.on('error', () => undefined);
  });
}
