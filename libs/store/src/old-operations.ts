import type { OldOperations } from '@tenon/core';

/** A marker that was looked at, in the order of ids. */
export interface SeenRow {
  readonly id: string;
  /** Ended, and for long enough. */
  readonly isOld: boolean;
  /** Appended so lately that it cannot have ended long ago; nor can those behind it, or only by a little. */
  readonly isYoung: boolean;
}

/** Rows looked at per operation that is looked for: what people keep for themselves must not hide what lies behind it. */
export const SEEN_PER_OLD_MAX = 10;

/** What to delete of the rows that were seen, and where to look next. Pure. */
export function chooseOld(
  seen: readonly SeenRow[],
  limit: number,
  windowMax: number,
): OldOperations {
  const ids: string[] = [];
  for (const { id, isOld, isYoung } of seen) {
    if (isYoung) return { ids, next: null };
    if (isOld) ids.push(id);
    if (ids.length === limit) return { ids, next: id };
  }
  return { ids, next: seen.length < windowMax ? null : (seen.at(-1)?.id ?? null) };
}
