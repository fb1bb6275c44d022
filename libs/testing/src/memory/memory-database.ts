import type {
  AuditRow,
  HeldSaga,
  Json,
  OperatorKey,
  RecordedTransition,
  RepairRunRow,
  Transition,
  TypePause,
} from '@tenon/core';
import { MemoryDataError } from './memory-errors';
import type { FenceRow, MarkerRow, RepairRow, SagaRow, SessionRow } from './memory-rows';
import { MemoryTx, type Draft, type MemoryTables } from './memory-tx';
import { RowLocks } from './row-locks';
import type { VirtualClock } from '../clock/virtual-clock';

/**
 * The committed rows. Whoever changes them does so within one turn of the event loop, which makes the change atomic;
 * what takes longer goes through a {@link MemoryTx}.
 */
export class MemoryDatabase implements MemoryTables {
  readonly markers = new Map<string, MarkerRow>();
  readonly sagas = new Map<string, SagaRow>();
  /** The fence rows by their names. */
  readonly fences = new Map<string, FenceRow>();
  readonly sessions = new Map<string, SessionRow>();
  repairRuns: readonly (RepairRow & Pick<RepairRunRow, 'id' | 'at'>)[] = [];
  /** The types that are paused. */
  readonly pauses = new Map<string, TypePause>();
  readonly keys: (OperatorKey & { readonly hash: string })[] = [];
  readonly audit: AuditRow[] = [];
  bookkeepingCommits = 0;
  handlerCommits = 0;

  private readonly rows = new Map<string, string>();
  private readonly locks = new RowLocks<MemoryTx>();
  private lastId = 0;

  constructor(readonly clock: VirtualClock) {}

  get nowMs(): number {
    return this.clock.date().getTime();
  }

  /** Ids are handed out before the commit, as a sequence does: a higher one may well be visible earlier. */
  nextId(): string {
    return String(++this.lastId);
  }

  begin(): MemoryTx {
    return new MemoryTx(this);
  }

  lock(tx: MemoryTx, row: string): Promise<void> {
    return this.locks.take(tx, row);
  }

  committedRow(row: string): string | undefined {
    return this.rows.get(row);
  }

  committedRows(): Iterable<readonly [string, string]> {
    return this.rows;
  }

  commit(_: MemoryTx, draft: Draft): void {
    for (const marker of draft.markers) this.markers.set(marker.id, marker);
    for (const [name, fence] of draft.fences) this.fences.set(name, fence);
    for (const [row, text] of draft.rows) {
      if (text === null) this.rows.delete(row);
      else this.rows.set(row, text);
    }
  }

  end(tx: MemoryTx): void {
    this.locks.releaseAll(tx);
  }

  /** Markers and sagas in the order of their ids. */
  sortedMarkers(): readonly MarkerRow[] {
    return [...this.markers.values()].sort((a, b) => Number(a.id) - Number(b.id));
  }

  isLiving(sessionId: string): boolean {
    const session = this.sessions.get(sessionId);
    return session?.endedAt === null && session.expiresAt > this.nowMs;
  }

  /** The saga, if `sessionId` holds it under `fence`. */
  heldRow(id: string, fence: number, sessionId: string): SagaRow | null {
    const saga = this.sagas.get(id);
    return saga?.sessionId === sessionId && saga.fence === fence ? saga : null;
  }

  /** Makes `sessionId` the holder of a saga that nobody holds. */
  giveTo(saga: SagaRow, sessionId: string): HeldSaga {
    saga.fence += 1;
    saga.sessionId = sessionId;
    saga.isQueued = false;
    return this.heldSaga(saga);
  }

  heldSaga(saga: SagaRow): HeldSaga {
    const marker = this.markerOf(saga.id);
    return {
      id: saga.id,
      type: saga.type,
      version: saga.version,
      key: marker.key,
      payload: JSON.parse(marker.payload) as Json,
      fence: saga.fence,
      crashes: saga.crashes,
      deadlineInMs: marker.deadlineAt === null ? null : marker.deadlineAt - this.nowMs,
      traceContext: marker.traceContext,
      history: [...saga.history],
    };
  }

  markerOf(id: string): MarkerRow {
    const marker = this.markers.get(id);
    if (marker === undefined) throw new Error(`there is no marker ${id}`);
    return marker;
  }

  /** Lets go of a saga, which is due again after `delayMs`. */
  letGo(saga: SagaRow, delayMs: number): void {
    saga.sessionId = null;
    saga.dueAt = this.nowMs + delayMs;
  }

  /** Rows as the history will hold them. @throws MemoryDataError when a number is taken or a text too long */
  checkedRows(saga: SagaRow, rows: readonly Transition[]): readonly RecordedTransition[] {
    for (const row of rows) {
      if (saga.history.some(({ seq }) => seq === row.seq))
        throw new MemoryDataError(`transition ${row.seq} is already there`);
      if ((row.step?.length ?? 0) > 100)
        throw new MemoryDataError('step is longer than 100 characters');
      if ((row.errorCode?.length ?? 0) > 64)
        throw new MemoryDataError('error_code is longer than 64 characters');
    }
    const { fence, sessionId } = saga;
    return rows.map((row) => ({
      ...row,
      verb: row.verb ?? null,
      fence,
      sessionId,
      at: this.clock.date(),
    }));
  }
}
