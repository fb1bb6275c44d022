import type { TypeBacklog } from '@tenon/core';
import { Gauge, type Registry } from 'prom-client';

/**
 * What waits in the database, for all processes together: take the maximum over them, not the sum. While the database is
 * away these are absent, and the others are there.
 */
export function backlogMetrics(
  registry: Registry,
  read: () => Promise<readonly TypeBacklog[]>,
): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    show: (gauge: Gauge, type: TypeBacklog) => void,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      async collect() {
        this.reset();
        for (const type of await read().catch(() => [])) show(this, type);
      },
    });
  };
  gauge('tenon_pending', 'Due operations that nobody has taken in.', ['type'], (each, row) =>
    each.set({ type: row.type }, row.pending),
  );
  gauge(
    'tenon_oldest_pending_seconds',
    'How long the first of them has been due.',
    ['type'],
    (each, row) => each.set({ type: row.type }, row.oldestPendingMs / 1_000),
  );
  gauge('tenon_dead_letters', 'Operations that cannot be run.', ['type'], (each, row) =>
    each.set({ type: row.type }, row.dead),
  );
  gauge('tenon_sagas_paused', 'Sagas that wait for a person.', ['type'], (each, row) =>
    each.set({ type: row.type }, row.live.paused ?? 0),
  );
  gauge('tenon_sagas_live', 'Living sagas.', ['type', 'state'], (each, row) => {
    for (const [state, n] of Object.entries(row.live)) each.set({ type: row.type, state }, n);
  });
}
