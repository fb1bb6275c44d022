import { MemoryConflictError } from './memory-errors';

/** What may hold locks: it keeps them until it has ended. */
export interface LockHolder {
  readonly ended: Promise<void>;
}

/** Locks on rows, by name. They also stand for unique keys, whose second writer waits for the fate of the first. */
export class RowLocks<Holder extends LockHolder> {
  private readonly holders = new Map<string, Holder>();
  private readonly waitsFor = new Map<Holder, Holder>();

  /** Waits until `holder` has the lock on `row`. @throws MemoryConflictError instead of waiting for ever */
  async take(holder: Holder, row: string): Promise<void> {
    while (true) {
      const other = this.holders.get(row);
      if (other === undefined || other === holder) break;
      if (this.isWaitedForBy(other, holder)) throw new MemoryConflictError(row);
      this.waitsFor.set(holder, other);
      await other.ended;
      this.waitsFor.delete(holder);
    }
    this.holders.set(row, holder);
  }

  releaseAll(holder: Holder): void {
    for (const [row, other] of this.holders) if (other === holder) this.holders.delete(row);
  }

  private isWaitedForBy(from: Holder, holder: Holder): boolean {
    const next = this.waitsFor.get(from);
    return next !== undefined && (next === holder || this.isWaitedForBy(next, holder));
  }
}
