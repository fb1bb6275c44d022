import 'reflect-metadata';
import { Engine, type EngineCounters } from '@tenon/engine';
import type { INestApplicationContext } from '@nestjs/common';
import { serviceDataSource } from './database/data-source';
import { DatabaseUrl } from './database/database-url';
import { openDatabase } from './database/open-database';
import { engineOptions } from './place/engine-options';
import { explain } from './exit-code';
import { ArmedFaults } from './instance/armed-faults';
import type { FromInstance, InstanceSettings, ToInstance } from './instance/messages';
import { serviceContext } from './service-context';

const COUNTERS_EVERY_MS = 250;
const SHUTDOWN_GRACE_MS = 3_000;

let app: INestApplicationContext | undefined;
let counters: (() => EngineCounters) | undefined;

const faults = new ArmedFaults((point) => {
  if (counters !== undefined) void tell({ kind: 'reached', point, counters: counters() });
});

/** One instance of the service, as the demo starts them: a process of its own that does what its parent says. */
async function begin(settings: InstanceSettings): Promise<void> {
  const database = DatabaseUrl.parse(settings.databaseUrl, 'The database URL');
  const dataSource = serviceDataSource(database, settings.callMax + 2);
  await openDatabase(dataSource, database, (message) => console.error(message));
  const engine = {
    ...engineOptions({ database, queue: settings.queue }, dataSource),
    workerName: settings.workerName,
    sessionMs: settings.sessionMs,
    requeueMs: settings.requeueMs,
    chunkSizeMax: settings.chunkSizeMax,
    transactionalCallMax: settings.callMax,
    shutdownGraceMs: SHUTDOWN_GRACE_MS,
    faults,
  };
  app = await serviceContext({ dataSource, engine });
  const running = app.get(Engine);
  counters = () => running.counters();
  setInterval(() => void tellCounters(), COUNTERS_EVERY_MS).unref();
  await tell({ kind: 'ready' });
}

async function end(): Promise<void> {
  faults.disarm();
  await app?.close();
  await tellCounters();
  process.disconnect();
}

async function tellCounters(): Promise<void> {
  if (counters !== undefined) await tell({ kind: 'counters', counters: counters() });
}

/** Resolves when the message is on its way. One that finds nobody listening is no matter: then we end as well. */
async function tell(message: FromInstance): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function fail(error: unknown): Promise<void> {
  process.exitCode = 1;
  await tell({ kind: 'failed', reason: explain(error) });
  process.disconnect();
}

process.on('message', (message: ToInstance) => {
  switch (message.kind) {
    case 'begin':
      begin(message.settings).catch(fail);
      break;
    case 'arm':
      faults.arm(message.fault);
      break;
    case 'disarm':
      faults.disarm();
      break;
    case 'end':
      end().catch(fail);
      break;
  }
});
// Whoever started us is gone, or has let us go.
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group: the parent ends us in good order.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void end().catch(fail));
// A log that nobody reads any more is no reason to die.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
void tell({ kind: 'loaded' });
