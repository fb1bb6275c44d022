/** So many at a time, first come first served. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(max: number) {
    this.free = max;
  }

  /** Runs `work` as soon as a slot is free. */
  async use<R>(work: () => Promise<R>): Promise<R> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
