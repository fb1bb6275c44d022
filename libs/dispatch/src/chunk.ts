import type { Ticket } from '@tenon/core';

/** What a chunk job carries: two lists of the same length, which is a third of the same as a list of objects. */
export interface ChunkData {
  readonly ids: readonly string[];
  readonly fences: readonly number[];
}

/** Packs tickets for the queue. */
export function encodeChunk(tickets: readonly Ticket[]): ChunkData {
  return { ids: tickets.map(({ id }) => id), fences: tickets.map(({ fence }) => fence) };
}

/** Unpacks what came out of the queue. Anybody may have written there, so nothing about its shape is believed. */
export function decodeChunk(data: unknown): readonly Ticket[] {
  const { ids, fences } = (data ?? {}) as { readonly ids?: unknown; readonly fences?: unknown };
  if (!Array.isArray(ids) || !Array.isArray(fences) || ids.length !== fences.length) {
    throw new Error('a chunk in the queue is not two lists of the same length');
  }
  return ids.map((id: unknown, at): Ticket => {
    const fence: unknown = fences[at];
    if (typeof id !== 'string' || !Number.isSafeInteger(fence)) {
      throw new Error('a chunk in the queue holds something else than ids and fences');
    }
    return { id, fence: fence as number };
  });
}
