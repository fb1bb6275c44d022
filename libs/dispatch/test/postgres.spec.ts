import { existsSync, readFileSync } from 'node:fs';

import { startPostgres } from '@tenon/embedded';
import { Client, Pool } from 'pg';

import { testFolder } from '../../../test/servers';
import { bullmqDispatcher } from '../src';
import { describeDispatcher, type QueueUnderTest } from './describe-dispatcher';
import { Events, eventually } from './events';

async function privatePostgres(): Promise<
  QueueUnderTest & { readonly url: string; readonly admin: Pool }
> {
  const folder = await testFolder();
  const server = await startPostgres({ dataDir: `${folder.path}/postgres` });
  const admin = new Pool({ connectionString: server.url, max: 1 });
  admin.on('error', () => undefined);
  /** The server and its backends: stopping the first alone leaves the connections answering. */
  const family = (): number[] => {
    const children = `/proc/${server.pid}/task/${server.pid}/children`;
    const found = existsSync(children) ? readFileSync(children, 'utf8').split(' ') : [];
    return [server.pid, ...found.filter(Boolean).map(Number)];
  };
  return {
    url: server.url,
    admin,
    password: new URL(server.url).password,
    port: server.port,
    make: (prefix, warn, port = server.port) => {
      const url = new URL(server.url);
      url.port = String(port);
      return bullmqDispatcher({ postgres: { url: url.toString() }, prefix, warn });
    },
    wipe: async () => {
      const { rows } = await admin.query<{ name: string }>(
        `SELECT format('bullmq.%I', tablename) AS name FROM pg_tables
          WHERE schemaname = 'bullmq' AND tablename <> 'migration'`,
      );
      const wipe = `TRUNCATE ${rows.map(({ name }) => name).join(', ')}`;
      // BullMQ is at work in them, in another order: whoever loses the deadlock begins again.
      for (let isWiped = false; !isWiped;)
        isWiped = await admin.query(wipe).then(
          () => true,
          (error: unknown) => {
            if ((error as { readonly code?: string }).code !== '40P01') throw error;
            return false;
          },
        );
    },
    loseNextTick: async (prefix) => {
      const { rowCount } = await admin.query(
        `DELETE FROM bullmq.job WHERE queue = $1 AND state = 'delayed'`,
        [`${prefix}-ticks`],
      );
      expect(rowCount).toBe(1);
    },
    kill: () => server.kill(),
    start: () => server.restart(),
    hang: () => family().forEach((pid) => process.kill(pid, 'SIGSTOP')),
    goOn: () => family().forEach((pid) => process.kill(pid, 'SIGCONT')),
    stop: async () => {
      await admin.end();
      await server.stop();
      await folder.remove();
    },
  };
}

describeDispatcher('PostgreSQL', privatePostgres);

describe('bullmqDispatcher, what only PostgreSQL does', () => {
  let server: Awaited<ReturnType<typeof privatePostgres>>;
  beforeAll(async () => {
    server = await privatePostgres();
  });
  afterAll(() => server.stop());

  it('makes its schema again when somebody has dropped it', async () => {
    const chunks = new Events<unknown>();
    const dispatcher = server.make('dropped', () => undefined);
    await dispatcher.open({
      onChunk: async (tickets) => chunks.add(tickets),
      onTick: async () => undefined,
      onWake: () => undefined,
    });
    await dispatcher.ensureScheduler(1_000);
    // More than once: it may meet a worker's statement in a deadlock.
    await eventually(() => server.admin.query('DROP SCHEMA IF EXISTS bullmq CASCADE'));
    await eventually(async () => expect(await dispatcher.hasScheduler()).toBe(false), 5_000);
    await dispatcher.send([[{ id: '1', fence: 1 }]]);
    await chunks.untilCount(1);
    await dispatcher.close();
  });

  // Goal: an idle instance costs the database little. Method: count the statements of ten quiet seconds.
  it('asks little of the database while nothing happens', async () => {
    const query = jest.spyOn(Client.prototype, 'query');
    const dispatcher = server.make('idle', () => undefined);
    const ticks = new Events<void>();
    await dispatcher.open({
      onChunk: async () => undefined,
      onTick: async () => ticks.add(),
      onWake: () => undefined,
    });
    await dispatcher.ensureScheduler(2_000);
    await ticks.untilCount(1);
    query.mockClear();
    await ticks.untilCount(6);
    const perSecond = query.mock.calls.length / 10;
    query.mockRestore();
    await dispatcher.close();
    console.log(`PostgreSQL: ${perSecond} statements/s while idle, ticking every 2 s`);
    expect(perSecond).toBeLessThan(5);
  });
});
