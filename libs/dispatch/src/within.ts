/** Waiting for something took longer than it may. */
export class TimedOut extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
    this.name = new.target.name;
  }
}

/** Resolves or rejects as `work` does, but rejects with {@link TimedOut} after `ms` at the latest. */
export async function within<R>(ms: number, what: string, work: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimedOut(what, ms)), ms);
  });
  // Whoever lost the race may still reject; that is nobody's concern any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * True when `ask` is not answered in time, twice in a row. Once may be the fault of this process, whose event loop was
 * held up. A refusal is an answer.
 */
export async function isSilent(ms: number, ask: () => Promise<unknown>): Promise<boolean> {
  for (let attempt = 1; attempt <= 2; attempt++) {
    const isAnswered = await within(ms, 'an answer', ask()).then(
      () => true,
      (error: unknown) => !isTimeout(error),
    );
    if (isAnswered) return false;
  }
  return true;
}

/** Whether `error` says that no answer came in time, in our words, in those of ioredis or in those of node-postgres. */
export function isTimeout(error: unknown): boolean {
  return (
    error instanceof TimedOut ||
    (error instanceof Error && /^(Command timed out|Query read timeout)$/.test(error.message))
  );
}
