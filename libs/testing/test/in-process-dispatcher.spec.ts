// Goal: tests can dispatch without Redis, and see what a queue that loses everything does to them.
// Method: dispatchers on one queue, as several processes would have them; time is virtual.
import type { DispatchHandlers, OnChunk, Ticket } from '@tenon/core';
import { InProcessQueue, inProcessDispatcher, VirtualClock } from '@tenon/testing';

const chunk = (id: string): readonly Ticket[] => [{ id, fence: 1 }];

/** Handlers that write down what reaches them. */
function recorder(onChunk: OnChunk = async () => undefined): {
  readonly seen: string[];
  readonly handlers: DispatchHandlers;
} {
  const seen: string[] = [];
  return {
    seen,
    handlers: {
      onChunk: async (tickets) => {
        seen.push(...tickets.map(({ id }) => id));
        await onChunk(tickets);
      },
      onTick: async () => void seen.push('tick'),
      onWake: () => void seen.push('wake'),
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('inProcessDispatcher', () => {
  it('gives each chunk to one of those that take chunks, in turn', async () => {
    const queue = new InProcessQueue();
    const [sender, one, two] = [queue, queue, queue].map((each) => inProcessDispatcher(each));
    const [first, second] = [recorder(), recorder()];
    await sender!.open(null);
    await sender!.send([chunk('1'), chunk('2'), chunk('3')]);
    expect(await sender!.waitingChunks()).toBe(3);
    await one!.open(first.handlers);
    await two!.open(second.handlers);
    await turn();
    expect([first.seen, second.seen].flat().sort()).toEqual(['1', '2', '3']);
    expect([first.seen.length, second.seen.length].sort()).toEqual([1, 2]);
    expect([sender!.sentJobs(), one!.sentJobs(), await sender!.waitingChunks()]).toEqual([3, 0, 0]);
  });

  it('wakes everybody, once for many calls', async () => {
    const queue = new InProcessQueue();
    const [one, two] = [recorder(), recorder()];
    const dispatcher = inProcessDispatcher(queue);
    await dispatcher.open(one.handlers);
    await inProcessDispatcher(queue).open(two.handlers);
    for (let i = 0; i < 5; i++) dispatcher.wake();
    await turn();
    expect([one.seen, two.seen]).toEqual([['wake'], ['wake']]);
  });

  it('ticks one of them every interval, until the queue is wiped', async () => {
    const clock = new VirtualClock();
    const queue = new InProcessQueue(clock);
    const [one, two] = [recorder(), recorder()];
    const dispatcher = inProcessDispatcher(queue);
    await dispatcher.open(one.handlers);
    await inProcessDispatcher(queue).open(two.handlers);
    expect(await dispatcher.hasScheduler()).toBe(false);
    await dispatcher.ensureScheduler(5_000);
    await dispatcher.ensureScheduler(1_000);
    expect(await dispatcher.hasScheduler()).toBe(true);
    await clock.advance(4_000);
    expect([one.seen.length, two.seen.length]).toEqual([2, 2]);
    queue.wipe();
    await clock.advance(4_000);
    expect(await dispatcher.hasScheduler()).toBe(false);
    expect(one.seen.length).toBe(2);
  });

  it('loses what waits when it is wiped, and a chunk whose taker fails', async () => {
    const queue = new InProcessQueue();
    const dispatcher = inProcessDispatcher(queue);
    await dispatcher.send([chunk('lost')]);
    queue.wipe();
    const failing = recorder(() => Promise.reject(new Error('no room')));
    await dispatcher.open(failing.handlers);
    await dispatcher.send([chunk('failed')]);
    await turn();
    expect(failing.seen).toEqual(['failed']);
    expect(await dispatcher.waitingChunks()).toBe(0);
    await dispatcher.close();
  });

  it('closes when what it has in hand is done, and takes no more', async () => {
    const queue = new InProcessQueue();
    const dispatcher = inProcessDispatcher(queue);
    let finish = (): void => undefined;
    const busy = recorder(() => new Promise((resolve) => (finish = resolve)));
    await dispatcher.open(busy.handlers);
    await dispatcher.send([chunk('1')]);
    await turn();
    let isClosed = false;
    const closed = dispatcher.close().then(() => (isClosed = true));
    await dispatcher.send([chunk('2')]);
    await turn();
    expect([isClosed, busy.seen]).toEqual([false, ['1']]);
    finish();
    await closed;
    expect(await dispatcher.waitingChunks()).toBe(1);
  });
});
