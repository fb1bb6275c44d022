import { PAGE_SIZE_MAX, type PageRequest } from '@tenon/core';

const ID = /^\d{1,18}$/;

/** The rows of a page, in the order of their ids. */
export function pageOf<Row extends { readonly id: string }>(
  rows: readonly Row[],
  { after, limit, oldestFirst = false }: PageRequest,
): readonly Row[] {
  if (after !== null && !ID.test(after)) return [];
  const sorted = [...rows].sort((a, b) => (oldestFirst ? 1 : -1) * (Number(a.id) - Number(b.id)));
  const beyond = sorted.filter(
    ({ id }) =>
      after === null || (oldestFirst ? Number(id) > Number(after) : Number(id) < Number(after)),
  );
  const rowMax = Math.min(PAGE_SIZE_MAX, Math.trunc(limit));
  return rowMax >= 1 ? beyond.slice(0, rowMax) : [];
}

export function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

/** No filter, or one that names the value. */
export function isAsked<Value>(asked: readonly Value[] | undefined, value: Value): boolean {
  return asked === undefined || asked.includes(value);
}
