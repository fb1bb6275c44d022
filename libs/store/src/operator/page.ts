import { PAGE_SIZE_MAX, type PageRequest } from '@tenon/core';

/** A page as it is asked of the database. */
export interface Page {
  /** The last id of the page before, or null for the first page. */
  readonly after: bigint | null;
  readonly limit: number;
  readonly isOldestFirst: boolean;
}

const ID = /^\d{1,18}$/;

/** People mistype ids, and some are beyond what the databases count to: what is none is not found. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** Text that a database can hold, and so may have: neither has a NUL or half a surrogate pair in it. */
export function isStorable(text: string): boolean {
  return !/\0|\p{Surrogate}/u.test(text);
}

/** A page with its limit kept; null where nothing can be on it. */
export function pageOf({ after, limit, oldestFirst = false }: PageRequest): Page | null {
  if (after !== null && !isId(after)) return null;
  const rows = Math.min(PAGE_SIZE_MAX, Math.trunc(limit));
  if (!(rows >= 1)) return null;
  return {
    after: after === null ? null : BigInt(after),
    limit: rows,
    isOldestFirst: oldestFirst,
  };
}
