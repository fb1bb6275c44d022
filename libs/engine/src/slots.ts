import { fairRoom } from './fair-share';

/** So many calls at a time. Saga types that wait are served in turn, and none may take all: see {@link fairRoom}. */
export class Slots {
  /** Who waits, by type. The type whose turn it is stands first. */
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly used = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly max: number,
    private readonly typeCount: number,
  ) {}

  /** Runs `work` as soon as there is a slot for its type. */
  async use<R>(type: string, work: () => Promise<R>): Promise<R> {
    await this.take(type);
    try {
      return await work();
    } finally {
      this.count(type, -1);
      this.serve();
    }
  }

  private async take(type: string): Promise<void> {
    const waiting = this.waiting.get(type);
    if (waiting === undefined && this.hasRoom(type)) {
      this.count(type, 1);
      return;
    }
    await new Promise<void>((resolve) => {
      if (waiting === undefined) this.waiting.set(type, [resolve]);
      else waiting.push(resolve);
    });
  }

  private serve(): void {
    for (let type = this.next(); type !== undefined; type = this.next()) {
      const waiting = this.waiting.get(type) ?? [];
      this.waiting.delete(type);
      const first = waiting.shift();
      // Behind all others.
      if (waiting.length > 0) this.waiting.set(type, waiting);
      this.count(type, 1);
      first?.();
    }
  }

  private next(): string | undefined {
    for (const type of this.waiting.keys()) if (this.hasRoom(type)) return type;
    return undefined;
  }

  private hasRoom(type: string): boolean {
    const { max, total, typeCount } = this;
    return fairRoom({ max, total, typeCount, own: this.used.get(type) ?? 0 }) > 0;
  }

  private count(type: string, change: number): void {
    this.total += change;
    this.used.set(type, (this.used.get(type) ?? 0) + change);
  }
}
