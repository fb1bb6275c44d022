import type { Dispatcher, DispatchHandlers } from '@tenon/core';
import { InProcessQueue } from './in-process-queue';

/**
 * A dispatcher in the memory of one process, for tests. Dispatchers that are given the same queue share its chunks.
 *
 * @example
 * const queue = new InProcessQueue();
 * const [first, second] = [inProcessDispatcher(queue), inProcessDispatcher(queue)];
 * queue.wipe(); // and see that nothing is lost
 */
export function inProcessDispatcher(queue = new InProcessQueue()): Dispatcher {
  let handlers: DispatchHandlers | null = null;
  let sentJobs = 0;
  return {
    description: 'a queue in this process, for tests',
    async open(given) {
      handlers = given;
      if (given !== null) queue.join(given);
    },
    async send(chunks) {
      sentJobs += chunks.length;
      queue.send(chunks);
    },
    waitingChunks: async () => queue.waitingChunks,
    wake: () => queue.wake(),
    hasScheduler: async () => queue.hasScheduler,
    ensureScheduler: async (everyMs) => queue.schedule(everyMs),
    sentJobs: () => sentJobs,
    async close() {
      if (handlers !== null) await queue.leave(handlers);
      handlers = null;
    },
  };
}
