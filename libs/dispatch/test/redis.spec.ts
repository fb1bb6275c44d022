import { startRedis } from '@tenon/embedded';
import { Redis } from 'ioredis';

import { describeIf, testFolder } from '../../../test/servers';
import { bullmqDispatcher } from '../src';
import { describeDispatcher, type QueueUnderTest } from './describe-dispatcher';
import { Events, eventually } from './events';

async function privateRedis(): Promise<
  QueueUnderTest & { readonly url: string; readonly admin: Redis }
> {
  const folder = await testFolder();
  const server = await startRedis({ dataDir: `${folder.path}/redis`, isDurable: false });
  const admin = new Redis(server.url, { retryStrategy: () => 50 });
  admin.on('error', () => undefined);
  return {
    url: server.url,
    admin,
    password: new URL(server.url).password,
    port: server.port,
    make: (prefix, warn, port = server.port) => {
      const url = new URL(server.url);
      url.port = String(port);
      return bullmqDispatcher({ redis: { url: url.toString() }, prefix, warn });
    },
    wipe: async () => {
      await admin.flushall();
    },
    loseNextTick: async (prefix) => {
      const ids = await admin.zrange(`${prefix}:ticks:delayed`, 0, -1);
      expect(ids).toHaveLength(1);
      await admin.del(`${prefix}:ticks:delayed`, `${prefix}:ticks:${ids[0]!}`);
    },
    kill: () => server.kill(),
    start: () => server.restart(),
    hang: () => process.kill(server.pid, 'SIGSTOP'),
    goOn: () => process.kill(server.pid, 'SIGCONT'),
    stop: async () => {
      admin.disconnect();
      await server.stop();
      await folder.remove();
    },
  };
}

describeIf('redis', 'bullmqDispatcher', () => {
  describeDispatcher('Redis', privateRedis);

  describe('what only Redis does', () => {
    let server: Awaited<ReturnType<typeof privateRedis>>;
    beforeAll(async () => {
      server = await privateRedis();
    });
    afterAll(() => server.stop());

    it('warns of a Redis that evicts', async () => {
      await server.admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      // BullMQ has a line of its own for this, per connection.
      const spy = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
      const lines: string[] = [];
      const dispatcher = server.make('evicts', (line) => lines.push(line));
      await dispatcher.open(null);
      await dispatcher.close();
      spy.mockRestore();
      await server.admin.config('SET', 'maxmemory-policy', 'noeviction');
      expect(lines).toEqual([expect.stringMatching(/allkeys-lru.*noeviction/)]);
    });

    // Goal: a full Redis does not cost a core. BullMQ's worker fetches again at once after such an error.
    // Method: fill it, count the errors that come out of the workers over two seconds, make room.
    it('does not spin on a full Redis, and goes on when there is room', async () => {
      const lines: string[] = [];
      const chunks = new Events<unknown>();
      const dispatcher = server.make('full', (line) => lines.push(line));
      await dispatcher.open({
        onChunk: async (tickets) => chunks.add(tickets),
        onTick: async () => undefined,
        onWake: () => undefined,
      });
      await dispatcher.ensureScheduler(200);
      await server.admin.config('SET', 'maxmemory', '1');
      const calls = async (): Promise<number> =>
        Number(/total_commands_processed:(\d+)/.exec(await server.admin.info('stats'))![1]);
      const [before, startedMs] = [await calls(), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const perSecond = ((await calls()) - before) / ((performance.now() - startedMs) / 1000);
      await server.admin.config('SET', 'maxmemory', '0');
      expect(lines.join('\n')).toContain('OOM');
      expect(perSecond).toBeLessThan(1_000);
      await eventually(() => dispatcher.send([[{ id: '1', fence: 1 }]]));
      await chunks.untilCount(1);
      await dispatcher.close();
    });

    it('takes a connection of the application and leaves it alone', async () => {
      const own = new Redis(server.url, { keyPrefix: 'app:', commandTimeout: 500, db: 3 });
      const dispatcher = bullmqDispatcher({ redis: own, prefix: 'own' });
      expect(dispatcher.description).toMatch(/^BullMQ on Redis 127\.0\.0\.1:\d+\/3$/);
      const chunks = new Events<unknown>();
      await dispatcher.open({
        onChunk: async (tickets) => chunks.add(tickets),
        onTick: async () => undefined,
        onWake: () => undefined,
      });
      await dispatcher.send([[{ id: '1', fence: 1 }]]);
      await chunks.untilCount(1);
      await dispatcher.close();
      expect(await own.ping()).toBe('PONG');
      own.disconnect();
    });
  });
});
