/** What a test has seen so far, and a way to wait until it has seen enough. */
export class Events<E> {
  readonly all: E[] = [];
  private readonly waiters = new Set<() => void>();

  add(event: E): void {
    this.all.push(event);
    for (const waiter of this.waiters) waiter();
  }

  /** Resolves as soon as `isEnough` says so, and tells after how many milliseconds. */
  async until(isEnough: (all: readonly E[]) => boolean, withinMs = 20_000): Promise<number> {
    const startedMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.waiters.delete(look);
        reject(
          new Error(`not within ${withinMs} ms; seen: ${JSON.stringify(this.all.slice(-10))}`),
        );
      }, withinMs);
      const look = (): void => {
        if (!isEnough(this.all)) return;
        clearTimeout(late);
        this.waiters.delete(look);
        resolve();
      };
      this.waiters.add(look);
      look();
    });
    return performance.now() - startedMs;
  }

  async untilCount(count: number, withinMs?: number): Promise<number> {
    return this.until((all) => all.length >= count, withinMs);
  }
}

/** Tries `attempt` until it does not reject, and answers what it resolved with. */
export async function eventually<R>(attempt: () => Promise<R>, withinMs = 20_000): Promise<R> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** How long `work` took until it settled, in milliseconds, and whether it was rejected. */
export async function timed(work: Promise<unknown>): Promise<{ ms: number; error: unknown }> {
  const startedMs = performance.now();
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return { ms: performance.now() - startedMs, error };
}
