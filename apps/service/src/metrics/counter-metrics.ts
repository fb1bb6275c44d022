import type { EngineCounters } from '@tenon/engine';
import { Counter, type Registry } from 'prom-client';

const COUNTERS: Readonly<Record<keyof EngineCounters, readonly [name: string, help: string]>> = {
  queueJobs: ['tenon_queue_jobs_total', 'Jobs that this process has sent to the queue.'],
  bookkeepingCommits: [
    'tenon_bookkeeping_commits_total',
    'Writing transactions of the engine for its own bookkeeping.',
  ],
  handlerCommits: ['tenon_handler_commits_total', 'Transactions of transactional handlers.'],
};

/** What the engine counts itself, read when somebody looks. */
export function counterMetrics(registry: Registry, read: () => EngineCounters): void {
  for (const [key, [name, help]] of Object.entries(COUNTERS)) {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read()[key as keyof EngineCounters]);
      },
    });
  }
}
