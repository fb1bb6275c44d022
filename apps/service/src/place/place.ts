import type { DatabaseUrl } from '../database/database-url';

/** Where the queue is. On PostgreSQL it lies in the service's own database. */
export type Queue =
  | { readonly kind: 'redis'; readonly url: string; readonly prefix: string }
  | { readonly kind: 'postgres' };

/** Where a process of the service keeps its data and its queue. */
export interface Place {
  readonly database: DatabaseUrl;
  readonly queue: Queue;
}
