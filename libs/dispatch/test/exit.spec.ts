import { execFile } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { describeIf, testDatabase, testRedis } from '../../../test/servers';

// Goal: a program ends by itself when it has closed its dispatcher, whatever state the queue server is in.
// Method: a process of its own, on the built library, that opens, closes and has nothing else to do. It ends with 0
// only if nothing keeps it alive and no rejection was left unhandled.
function endsByItself(options: object): Promise<string> {
  const script = `
    const { bullmqDispatcher } = require('@tenon/dispatch');
    const dispatcher = bullmqDispatcher({ ...${JSON.stringify(options)}, timeoutMs: 500, warn: () => undefined });
    const handlers = { onChunk: async () => undefined, onTick: async () => undefined, onWake: () => undefined };
    dispatcher.open(handlers)
      .then(() => dispatcher.ensureScheduler(1000).catch(() => undefined))
      .then(() => dispatcher.close())
      .then(() => {
        const closedMs = performance.now();
        process.on('exit', () => console.log(performance.now() - closedMs < 5_000 ? 'soon' : 'late'));
      });`;
  return output(script);
}

/** What a program says, on both streams. Rejects unless it ends with 0 and soon. */
function output(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['-e', script],
      { cwd: join(__dirname, '..'), timeout: 10_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout + stderr);
        else reject(error instanceof Error ? error : new Error(stderr));
      },
    );
  });
}

describeIf('redis', 'a process with its dispatcher closed', () => {
  /** Takes connections and never says a word. */
  let deaf: Server;
  const sockets = new Set<Socket>();
  let deafPort: number;
  beforeAll(async () => {
    deaf = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).resume();
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    deafPort = (deaf.address() as { port: number }).port;
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });

  it('ends, on Redis', async () => {
    const redis = await testRedis();
    expect(await endsByItself({ redis: { url: redis.url }, prefix: redis.prefix })).toBe('soon\n');
    await redis.drop();
  });

  it('ends, on PostgreSQL', async () => {
    const database = await testDatabase('postgres18');
    expect(await endsByItself({ postgres: { url: database.url } })).toBe('soon\n');
    await database.drop();
  });

  // BullMQ is still looking at its schema then, on a connection that nobody else watches.
  it.each([
    ['Redis', async () => ({ kind: 'redis', ...(await testRedis()) })],
    ['PostgreSQL', async () => ({ kind: 'postgres', ...(await testDatabase('postgres18')) })],
  ] as const)('ends, on %s, when it is closed as soon as it is open', async (_name, make) => {
    const { kind, url, drop } = await make();
    const script = `
      const { bullmqDispatcher } = require('@tenon/dispatch');
      (async () => {
        for (let round = 0; round < 10; round += 1) {
          const dispatcher = bullmqDispatcher({ ${kind}: { url: ${JSON.stringify(url)} }, prefix: 'short' });
          await dispatcher.open(null);
          await dispatcher.close();
        }
        console.log('all closed');
      })();`;
    expect(await output(script)).toBe('all closed\n');
    await drop();
  });

  it.each(['redis', 'postgres'])('ends, with no %s there', async (kind) => {
    expect(await endsByItself({ [kind]: { url: `${kind}://127.0.0.1:1/0` } })).toBe('soon\n');
  });

  it.each(['redis', 'postgres'])('ends, with a %s that does not answer', async (kind) => {
    expect(await endsByItself({ [kind]: { url: `${kind}://127.0.0.1:${deafPort}/0` } })).toBe(
      'soon\n',
    );
  });
});
