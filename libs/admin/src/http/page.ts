import { PAGE_SIZE_MAX, type PageRequest } from '@tenon/core';
import { z } from 'zod';
import { idField } from './fields';
import type { Read } from './read-input';

export const PAGE_SIZE_DEFAULT = 50;

const SORTS = ['-id', 'id'] as const;

/** The fields of every list's query. */
export const pageFields = {
  sort: z
    .enum(SORTS, 'is one of -id (newest first), id')
    .optional()
    .describe('`-id`: newest first, the default. `id`: oldest first.'),
  limit: z
    .string('give it once, as a number')
    .transform((value) => (/^\d+(e\d{1,2})?$/i.test(value) ? Number(value) : Number.NaN))
    .refine((limit) => Number.isSafeInteger(limit) && limit > 0, 'is a whole number from 1')
    .optional()
    .meta({ type: 'integer', minimum: 1, default: PAGE_SIZE_DEFAULT })
    .describe(`At most so many items. More than ${PAGE_SIZE_MAX} are never answered at a time.`),
  after: idField,
} as const;

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The `after` of the next page; null: this was the last. */
  readonly next: string | null;
  /** The limit that was used. */
  readonly limit: number;
  /** Says so when the limit that was asked for was too high. */
  readonly notice: string | null;
}

/** Reads one page with `list`, and says how to go on. */
export async function readPage<Item extends { readonly id: string }>(
  query: Read<typeof pageFields>,
  list: (page: PageRequest) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const asked = query.limit ?? PAGE_SIZE_DEFAULT;
  const limit = Math.min(asked, PAGE_SIZE_MAX);
  const items = await list({
    after: query.after ?? null,
    limit,
    oldestFirst: query.sort === 'id',
  });
  return {
    items,
    next: items.length < limit ? null : (items.at(-1)?.id ?? null),
    limit,
    notice:
      asked > limit
        ? `The limit ${asked} was lowered to ${limit}: more are never answered at a time.`
        : null,
  };
}

/** What a page of `item` looks like, for the documentation. */
export function pageAnswer<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('The `after` of the next page; null: this is the last.'),
    limit: z.int().describe('The limit that was used.'),
    notice: z.string().nullable().describe('Says so when the limit was lowered.'),
  });
}
