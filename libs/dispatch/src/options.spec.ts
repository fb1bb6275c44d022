import { bullmqDispatcher } from './bullmq-dispatcher';
import type { BullmqDispatcherOptions } from './options';

// Goal: wrong options are told at boot, all at once, and no description or error holds a password.
describe('bullmqDispatcher', () => {
  it.each([
    [{ redis: { url: 'redis://me:secret@cache:7000/2' } }, 'BullMQ on Redis cache:7000/2'],
    [{ redis: { url: 'redis://cache' } }, 'BullMQ on Redis cache:6379/0'],
    [{ redis: { host: 'h', port: 1, password: 'secret' } }, 'BullMQ on Redis h:1/0'],
    [{ redis: { path: '/run/redis.sock', db: 1 } }, 'BullMQ on Redis /run/redis.sock/1'],
    [{ postgres: { url: 'postgres://me:secret@db/shop' } }, 'BullMQ on PostgreSQL db:5432/shop'],
    [
      { postgres: { connectionString: 'postgresql://me:secret@db:1/shop?sslmode=require' } },
      'BullMQ on PostgreSQL db:1/shop',
    ],
    [
      { postgres: { host: 'db', user: 'me', password: 'secret' } },
      'BullMQ on PostgreSQL db:5432/me',
    ],
  ] satisfies [BullmqDispatcherOptions, string][])(
    'is described without secrets: %j',
    (options, expected) => {
      expect(bullmqDispatcher(options).description).toBe(expected);
    },
  );

  it('tells every fault at once', () => {
    const options = { prefix: 'a:b', timeoutMs: 0 } as unknown as BullmqDispatcherOptions;
    expect(() => bullmqDispatcher(options)).toThrow(
      'bullmqDispatcher: give either `redis` or `postgres`; `prefix` is "a:b"; use 1 to 40 letters, digits, - and _; ' +
        '`timeoutMs` is 0; it must be a positive number of milliseconds.',
    );
  });

  it.each([{ redis: { url: 'http://x:secret@y' } }, { postgres: { url: 'secret' } }])(
    'refuses a URL that it cannot read: %j',
    (options) => {
      expect(() => bullmqDispatcher(options)).toThrow(/cannot be read\. It looks like/);
      expect(() => bullmqDispatcher(options)).not.toThrow(/secret/);
    },
  );
});
