import type { Dispatcher, DispatchHandlers, Ticket } from '@tenon/core';

import { Events, eventually, timed } from './events';
import { MutingProxy } from './muting-proxy';

/** A private queue server that a test may treat as badly as it likes. */
export interface QueueUnderTest {
  readonly port: number;
  /** A dispatcher on it, as one process has it. Dispatchers with the same prefix share their queue. */
  make(prefix: string, warn: (line: string) => void, port?: number): Dispatcher;
  /** Loses everything that is in the queue. */
  wipe(): Promise<void>;
  /** Loses the job that the scheduler has made for its next slot, and leaves the scheduler. */
  loseNextTick(prefix: string): Promise<void>;
  /** As a crash does. */
  kill(): Promise<void>;
  /** On the same port, with whatever survived. */
  start(): Promise<void>;
  /** The server stops answering and keeps its connections, until `goOn`. */
  hang(): void;
  goOn(): void;
  /** Of the server's URL. */
  readonly password: string;
  stop(): Promise<void>;
}

/** One process's dispatcher with all that came to it. */
interface Process extends DispatchHandlers {
  readonly dispatcher: Dispatcher;
  readonly chunks: Events<readonly Ticket[]>;
  readonly ticks: Events<number>;
  readonly wakes: Events<number>;
  /** What `onChunk` does beyond noting the chunk. */
  adopt: (tickets: readonly Ticket[]) => Promise<void>;
}

const EVERY_MS = 300;

/** The promises of the Dispatcher port, to be kept by every queue that BullMQ can use. */
export function describeDispatcher(name: string, startServer: () => Promise<QueueUnderTest>): void {
  describe(`dispatcher on ${name}`, () => {
    let server: QueueUnderTest;
    let prefix: string;
    let processes: Process[] = [];
    /** What came to any process of this test. */
    let all: Pick<Process, 'chunks' | 'ticks'>;
    const lines: string[] = [];
    const warn = (line: string): void => void lines.push(line);
    let count = 0;

    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(async () => {
      await server.stop();
      // Goal: nobody reads a password in a log. Method: every line that any of these tests has caused.
      expect(lines.filter((line) => line.includes(server.password))).toEqual([]);
    });
    beforeEach(() => {
      count += 1;
      prefix = `t${count}`;
      all = { chunks: new Events(), ticks: new Events() };
    });
    afterEach(async () => {
      await Promise.all(processes.map(({ dispatcher }) => dispatcher.close()));
      processes = [];
    });

    async function newProcess(port = server.port): Promise<Process> {
      const made: Process = {
        dispatcher: server.make(prefix, warn, port),
        chunks: new Events(),
        ticks: new Events(),
        wakes: new Events(),
        adopt: () => Promise.resolve(),
        onChunk: async (tickets) => {
          made.chunks.add(tickets);
          all.chunks.add(tickets);
          await made.adopt(tickets);
        },
        onTick: async () => {
          made.ticks.add(performance.now());
          all.ticks.add(performance.now());
        },
        onWake: () => made.wakes.add(performance.now()),
      };
      processes.push(made);
      await made.dispatcher.open(made);
      return made;
    }

    async function newSender(): Promise<Dispatcher> {
      const dispatcher = server.make(prefix, warn);
      await dispatcher.open(null);
      processes.push({ dispatcher } as Process);
      return dispatcher;
    }

    function chunk(first: number, size = 200): Ticket[] {
      return Array.from({ length: size }, (_, at) => ({ id: String(first + at), fence: at }));
    }

    /** As the engine does: looks every second, and makes the scheduler again when it is gone. */
    async function mend({ dispatcher, ticks }: Process): Promise<void> {
      const before = ticks.all.length;
      await eventually(async () => {
        if (!(await dispatcher.hasScheduler())) await dispatcher.ensureScheduler(EVERY_MS);
        await ticks.untilCount(before + 3, 1_000);
      });
    }

    /** More than one, as the engine does: a server that hung may give the first to a worker that is no more. */
    async function sendUntilTaken(sender: Dispatcher, { chunks }: Process): Promise<void> {
      const before = chunks.all.length;
      await eventually(async () => {
        await sender.send([chunk(before, 5)]);
        await chunks.untilCount(before + 1, 1_000);
      });
    }

    it('brings a chunk from one process to another, as it was', async () => {
      const worker = await newProcess();
      const sender = await newSender();
      await sender.send([chunk(1), chunk(1_000, 1)]);
      await worker.chunks.untilCount(2);
      expect(worker.chunks.all).toEqual([chunk(1), chunk(1_000, 1)]);
      expect(sender.sentJobs()).toBe(2);
      expect(worker.dispatcher.sentJobs()).toBe(0);
      expect(await sender.waitingChunks()).toBe(0);
    });

    it('gives each chunk to one process, and counts those that wait', async () => {
      const sender = await newSender();
      await sender.send(Array.from({ length: 40 }, (_, at) => chunk(at, 1)));
      expect(await sender.waitingChunks()).toBe(40);
      await Promise.all([newProcess(), newProcess()]);
      await all.chunks.untilCount(40);
      await eventually(async () => expect(await sender.waitingChunks()).toBe(0));
      const ids = all.chunks.all.map(([first]) => first!.id);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
    });

    it('gives a process its next chunk only when the last one is adopted', async () => {
      const worker = await newProcess();
      let adopted: () => void = () => undefined;
      worker.adopt = () => new Promise((resolve) => (adopted = resolve));
      await worker.dispatcher.send([chunk(1), chunk(2), chunk(3)]);
      await worker.chunks.untilCount(1);
      await eventually(async () => expect(await worker.dispatcher.waitingChunks()).toBe(2));
      expect(worker.chunks.all).toHaveLength(1);
      worker.adopt = () => Promise.resolve();
      adopted();
      await worker.chunks.untilCount(3);
    });

    it('offers a chunk that could not be adopted to another process', async () => {
      const unable = await newProcess();
      unable.adopt = () => Promise.reject(new Error('stopping'));
      await unable.dispatcher.send([chunk(1)]);
      await unable.chunks.untilCount(1);
      const able = await newProcess();
      await able.chunks.untilCount(1);
      expect(able.chunks.all).toEqual([chunk(1)]);
    });

    it('wakes every process, itself too, and bundles what is asked for at once', async () => {
      const [one, two] = await Promise.all([newProcess(), newProcess()]);
      const sender = await newSender();
      const delays: number[] = [];
      for (let i = 0; i < 20; i++) {
        const [seenByOne, seenByTwo] = [one.wakes.all.length, two.wakes.all.length];
        sender.wake();
        delays.push(
          await two.wakes.untilCount(seenByTwo + 1),
          await one.wakes.untilCount(seenByOne + 1),
        );
      }
      delays.sort((a, b) => a - b);
      console.log(
        `${name}: wake to onWake p50 ${delays[20]!.toFixed(1)} ms, max ${delays.at(-1)!.toFixed(1)} ms`,
      );
      const before = two.wakes.all.length;
      for (let i = 0; i < 1_000; i++) one.dispatcher.wake();
      await two.wakes.untilCount(before + 2);
      expect(two.wakes.all.length).toBeLessThan(before + 10);
    });

    it('ticks about once per slot, in one process of three, however many ask for the scheduler', async () => {
      const trio = await Promise.all([newProcess(), newProcess(), newProcess()]);
      expect(await trio[0].dispatcher.hasScheduler()).toBe(false);
      await Promise.all(
        trio.flatMap(({ dispatcher }) =>
          Array.from({ length: 5 }, () => dispatcher.ensureScheduler(EVERY_MS)),
        ),
      );
      expect(await trio[2].dispatcher.hasScheduler()).toBe(true);
      // The first slots may hold a tick of each that made the scheduler at the same moment.
      await all.ticks.untilCount(5);
      await all.ticks.untilCount(20);
      const times = all.ticks.all.slice(4);
      const slots = (times.at(-1)! - times[0]!) / EVERY_MS;
      expect(15 / slots).toBeGreaterThan(0.6);
      expect(15 / slots).toBeLessThan(1.4);
    });

    it('takes another interval', async () => {
      const one = await newProcess();
      await one.dispatcher.ensureScheduler(60_000);
      await one.dispatcher.ensureScheduler(100);
      await one.ticks.untilCount(10, 5_000);
    });

    it('ends when what it is adopting is adopted, and takes no more', async () => {
      const leaving = await newProcess();
      const sender = await newSender();
      let adopted: () => void = () => undefined;
      leaving.adopt = () => new Promise((resolve) => (adopted = resolve));
      await sender.send([chunk(1), chunk(2), chunk(3)]);
      await leaving.chunks.untilCount(1);
      let isClosed = false;
      const closed = leaving.dispatcher.close().then(() => (isClosed = true));
      await eventually(async () => expect(await sender.waitingChunks()).toBe(2));
      expect(isClosed).toBe(false);
      adopted();
      await closed;
      expect(leaving.chunks.all).toHaveLength(1);
      await expect(leaving.dispatcher.send([chunk(4)])).rejects.toMatchObject({
        code: 'TENON_QUEUE_UNAVAILABLE',
      });
      leaving.dispatcher.wake();
      const staying = await newProcess();
      await staying.chunks.untilCount(2);
      expect(staying.chunks.all.map(([first]) => first!.id).sort()).toEqual(['2', '3']);
    });

    it('notices a scheduler that does not tick any more', async () => {
      const [one] = await Promise.all([newProcess(), newProcess()]);
      await one.dispatcher.ensureScheduler(EVERY_MS);
      await eventually(async () => {
        await server.loseNextTick(prefix);
      });
      await eventually(async () => expect(await one.dispatcher.hasScheduler()).toBe(false), 5_000);
      await one.dispatcher.ensureScheduler(EVERY_MS);
      await eventually(async () => expect(await one.dispatcher.hasScheduler()).toBe(true));
    });

    it('goes on within 5 s of a wipe, also of one while a chunk is adopted', async () => {
      const [one, two] = await Promise.all([newProcess(), newProcess()]);
      const sender = await newSender();
      await one.dispatcher.ensureScheduler(EVERY_MS);
      for (let round = 1; round <= 3; round++) {
        one.adopt = two.adopt = () => server.wipe();
        const taken = all.chunks.all.length;
        await sender.send([chunk(round)]);
        await all.chunks.untilCount(taken + 1);
        one.adopt = two.adopt = () => Promise.resolve();
        await server.wipe();
        expect(await one.dispatcher.hasScheduler()).toBe(false);
        await two.dispatcher.ensureScheduler(EVERY_MS);
        const tickMs = await all.ticks.untilCount(all.ticks.all.length + 3);
        const sent = performance.now();
        await sender.send([chunk(round)]);
        await all.chunks.untilCount(taken + 2);
        const chunkMs = performance.now() - sent;
        console.log(
          `${name}: after a wipe was mended, three ticks in ${tickMs.toFixed(0)} ms, a chunk in ${chunkMs.toFixed(0)} ms`,
        );
        expect(Math.max(tickMs, chunkMs)).toBeLessThan(5_000);
      }
    });

    it('goes on within 5 s after the server was killed and is back', async () => {
      const one = await newProcess();
      const sender = await newSender();
      await mend(one);
      for (let round = 1; round <= 3; round++) {
        await server.kill();
        await expect(sender.send([chunk(1)])).rejects.toMatchObject({
          code: 'TENON_QUEUE_UNAVAILABLE',
        });
        await server.start();
        const startedMs = performance.now();
        await sendUntilTaken(sender, one);
        const chunkMs = performance.now() - startedMs;
        await mend(one);
        const tickMs = performance.now() - startedMs;
        const wakes = one.wakes.all.length;
        await eventually(async () => {
          sender.wake();
          await one.wakes.untilCount(wakes + 1, 100);
        });
        console.log(
          `${name}: after a restart, a chunk in ${chunkMs.toFixed(0)} ms, three ticks in ${tickMs.toFixed(0)} ms`,
        );
        expect(chunkMs).toBeLessThan(5_000);
        expect(tickMs).toBeLessThan(5_000);
      }
    });

    it('says no quickly while the server is away, and can be closed', async () => {
      const one = await newProcess();
      await server.kill();
      try {
        for (const work of [
          one.dispatcher.send([chunk(1)]),
          one.dispatcher.hasScheduler(),
          one.dispatcher.ensureScheduler(EVERY_MS),
          one.dispatcher.waitingChunks(),
        ]) {
          const { ms, error } = await timed(work);
          expect(error).toMatchObject({ code: 'TENON_QUEUE_UNAVAILABLE' });
          expect(ms).toBeLessThan(3_000);
        }
        one.dispatcher.wake();
        expect((await timed(one.dispatcher.close())).ms).toBeLessThan(6_000);
      } finally {
        await server.start();
      }
    });

    it('can be opened while the server is away, and works when it has come up', async () => {
      await server.kill();
      const opened = await timed(newProcess()).finally(() => server.start());
      expect(opened.error).toBeNull();
      expect(opened.ms).toBeLessThan(6_000);
      const one = processes[0]!;
      await sendUntilTaken(one.dispatcher, one);
      await mend(one);
      const wakes = one.wakes.all.length;
      one.dispatcher.wake();
      await one.wakes.untilCount(wakes + 1);
    });

    it('goes on after its connections have died without a word', async () => {
      const proxy = await MutingProxy.start(server.port);
      try {
        const one = await newProcess(proxy.port);
        await mend(one);
        proxy.mute();
        const startedMs = performance.now();
        await sendUntilTaken(one.dispatcher, one);
        await mend(one);
        const wakes = one.wakes.all.length;
        one.dispatcher.wake();
        await one.wakes.untilCount(wakes + 1);
        expect(performance.now() - startedMs).toBeLessThan(20_000);
        await one.dispatcher.close();
      } finally {
        proxy.stop();
      }
    });

    it('says no quickly while the server hangs, goes on when it does, and can be closed meanwhile', async () => {
      const [one, two] = await Promise.all([newProcess(), newProcess()]);
      await mend(one);
      server.hang();
      try {
        const { ms, error } = await timed(one.dispatcher.send([chunk(1)]));
        expect(error).toMatchObject({ code: 'TENON_QUEUE_UNAVAILABLE' });
        expect(ms).toBeLessThan(3_000);
        expect((await timed(two.dispatcher.close())).ms).toBeLessThan(6_000);
      } finally {
        server.goOn();
      }
      const startedMs = performance.now();
      await sendUntilTaken(one.dispatcher, one);
      await mend(one);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    });
  });
}
