import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { saga, type Saga } from '@tenon/core';
import { Engine } from '@tenon/engine';

import type { Bed } from './bed';

/** What one round measured. */
export interface DrainResult {
  readonly count: number;
  readonly seconds: number;
  /** Writing transactions of the engine's bookkeeping, counted by the store. */
  readonly bookkeepingCommits: number;
  /** Commits as the database counts them: PostgreSQL's include reads outside a transaction. */
  readonly databaseCommits: number;
  readonly queueJobs: number;
  readonly transitions: number;
}

class Nothing {
  action(): Promise<void> {
    return Promise.resolve();
  }
}

const parseNothing = { parse: (payload: unknown) => payload };

function noOpSaga(steps: number): Saga<unknown> {
  let longer: Saga<unknown> = saga('bench', { version: 1, input: parseNothing });
  for (let step = 1; step <= steps; step += 1)
    longer = longer.step(`step${step}`, Nothing, { mode: 'external' });
  return longer;
}

const TABLES = ['saga_transition', 'saga_fence', 'saga', 'op_log', 'worker_session', 'repair_run'];

/** So many operations stand pending; clock from the engine's start until every one of them is recorded as done. */
export async function drain(
  bed: Bed,
  work: { readonly count: number; readonly steps: number },
): Promise<DrainResult> {
  const store = bed.makeStore();
  const engine = new Engine(
    { store, dispatcher: bed.makeDispatcher(), heldSagaMax: 2_000 },
    `bench:${process.pid}`,
  );
  engine.registry.add(noOpSaga(work.steps));
  await store.migrate();
  await preload(bed, work.count);
  const commitsBefore = await databaseCommits(bed);
  const startedMs = performance.now();
  await engine.start(() => new Nothing());
  while (await hasWork(bed)) await sleep(20);
  const seconds = (performance.now() - startedMs) / 1000;
  const counters = engine.counters();
  await engine.stop();
  return {
    count: work.count,
    seconds,
    bookkeepingCommits: counters.bookkeepingCommits,
    databaseCommits: (await databaseCommits(bed)) - commitsBefore,
    queueJobs: counters.queueJobs,
    transitions: await numberOf(bed, 'SELECT count(*) AS n FROM saga_transition'),
  };
}

async function preload(bed: Bed, count: number): Promise<void> {
  for (const table of TABLES)
    await bed.dataSource.query(bed.isPostgres ? `TRUNCATE ${table}` : `DELETE FROM ${table}`);
  const numbers = bed.isPostgres ? `generate_series(1, ${count})` : `seq_1_to_${count}`;
  await bed.dataSource.query(
    `INSERT INTO op_log (op_type, payload) SELECT 'bench', '{}' FROM ${numbers} AS numbers`,
  );
  if (!bed.isPostgres) return;
  await bed.dataSource.query('VACUUM ANALYZE');
  await bed.dataSource.query('CHECKPOINT');
}

async function hasWork(bed: Bed): Promise<boolean> {
  const rows: unknown[] = await bed.dataSource.query(
    `SELECT 1 FROM op_log WHERE status IN ('pending', 'parked', 'taken') LIMIT 1`,
  );
  return rows.length > 0;
}

async function databaseCommits(bed: Bed): Promise<number> {
  if (!bed.isPostgres) {
    const rows: { Value: string }[] = await bed.dataSource.query(
      "SHOW GLOBAL STATUS LIKE 'Com_commit'",
    );
    return Number(rows[0]?.Value);
  }
  // A backend reports what it committed at most a second later.
  await sleep(1_500);
  return numberOf(
    bed,
    'SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()',
  );
}

async function numberOf(bed: Bed, query: string): Promise<number> {
  const rows: { n: string }[] = await bed.dataSource.query(query);
  return Number(rows[0]?.n);
}
