import type { HeldSaga } from '@tenon/core';
import { fairRoom } from './fair-share';

/** A saga that this process runs. */
export interface Run {
  readonly type: string;
  readonly fence: number;
  readonly ended: Promise<void>;
}

/** A type is given more only when it may have at least this part of all: a full one would be claimed saga by saga. */
const PART_MIN = 1 / 10;

/** The sagas that this process runs, and the room there is for more: none of several types may take all of it. */
export class HeldSagas {
  private readonly runs = new Map<string, Run>();
  private readonly sizes = new Map<string, number>();

  constructor(
    private readonly max: number,
    private readonly typeCount: number,
  ) {}

  get size(): number {
    return this.runs.size;
  }

  get(sagaId: string): Run | undefined {
    return this.runs.get(sagaId);
  }

  all(): readonly Run[] {
    return [...this.runs.values()];
  }

  sizeOf(type: string): number {
    return this.sizes.get(type) ?? 0;
  }

  set(saga: HeldSaga, run: Run): void {
    if (!this.runs.has(saga.id)) this.count(run.type, 1);
    this.runs.set(saga.id, run);
  }

  delete(sagaId: string): void {
    const run = this.runs.get(sagaId);
    if (run === undefined) return;
    this.runs.delete(sagaId);
    this.count(run.type, -1);
  }

  /**
   * How many more of a type this process may hold. Chunks are adopted whole, so all may be a little over the limit: a type of
   * several that has none is let in all the same.
   */
  roomFor(type: string): number {
    const { max, typeCount, size } = this;
    const own = this.sizeOf(type);
    const room = fairRoom({ max, total: size, own, typeCount });
    return typeCount > 1 && own === 0 ? Math.max(1, room) : room;
  }

  /** True when it is worth while to look for more of a type. */
  hasRoomFor(type: string): boolean {
    return this.sizeOf(type) === 0 || this.roomFor(type) >= Math.max(1, this.max * PART_MIN);
  }

  /** Half or all of what was held has ended, or of what was held of a type: there may be more to be had. */
  isTimeToLook(type: string): boolean {
    const own = this.sizeOf(type);
    return own === 0 || own === Math.floor(this.max / 4) || this.size === Math.floor(this.max / 2);
  }

  private count(type: string, change: number): void {
    this.sizes.set(type, this.sizeOf(type) + change);
  }
}
