import type { HeldSaga } from '@tenon/core';
import { byId } from './scene';

/** What ran, in which order, and what should not have. */
export class Diary {
  readonly ended: string[] = [];
  readonly faults: string[] = [];
  private readonly running = new Map<string, string>();
  private readonly last = new Map<string, string>();

  begin({ id, key }: HeldSaga): void {
    if (key === null) return;
    const [other, before] = [this.running.get(key), this.last.get(key)];
    if (other !== undefined) this.faults.push(`${id} of ${key} began while ${other} was running`);
    if (before !== undefined && byId(before, id) >= 0) {
      this.faults.push(`${id} of ${key} ran after ${before}`);
    }
    this.running.set(key, id);
  }

  end({ id, key }: HeldSaga): void {
    this.ended.push(id);
    if (key === null) return;
    this.running.delete(key);
    this.last.set(key, id);
  }

  expectAll(held: readonly HeldSaga[], recorded: readonly string[]): void {
    for (const { id } of held) {
      if (!recorded.includes(id)) this.faults.push(`${id} was not recorded`);
    }
  }
}
