import type { MarkerStatus } from '@tenon/core';
import { compareIds } from './row';

/** What stands at the key of a marker. */
export interface HeadRow {
  /** The marker whose key was looked up. */
  readonly id: string;
  /** The one of the key that runs, or is paused. */
  readonly taken: string | null;
  /** The first of those that wait for the key or hold it. */
  readonly head: string | null;
  readonly status: MarkerStatus | null;
}

export interface Candidate {
  readonly id: string;
  readonly key: string | null;
}

export interface Sorted<Marker> {
  /** They run now: without a key, or first at it. */
  readonly taken: readonly Marker[];
  /** They wait for their key. */
  readonly parked: readonly Marker[];
  /** One marker of each key that someone else holds: look again, behind the commit. */
  readonly busy: readonly string[];
}

/** The first of each key among the candidates: the only ones that may run. */
export function firstsOfKeys(candidates: readonly Candidate[]): readonly string[] {
  const firsts = new Map<string, string>();
  for (const { id, key } of candidates) {
    if (key === null) continue;
    const first = firsts.get(key);
    if (first === undefined || compareIds(id, first) < 0) firsts.set(key, id);
  }
  return [...firsts.values()];
}

/**
 * Decides which of the candidates run and which wait. Whoever is taken holds the key, though a lower id may have become
 * visible since; else it is the lowest id's turn. Pure.
 */
export function sortOut<Marker extends Candidate>(
  candidates: readonly Marker[],
  heads: readonly HeadRow[],
): Sorted<Marker> {
  const free = new Set(
    heads.filter(({ id, taken, head }) => taken === null && head === id).map(({ id }) => id),
  );
  const runs = ({ id, key }: Candidate): boolean => key === null || free.has(id);
  return {
    taken: candidates.filter(runs),
    parked: candidates.filter((candidate) => !runs(candidate)),
    busy: heads.filter(({ id }) => !free.has(id)).map(({ id }) => id),
  };
}

/** The heads that are parked though nobody holds their key: they are to be released. */
export function parkedHeads(heads: readonly HeadRow[]): readonly string[] {
  const parked = heads.filter(({ taken, status }) => taken === null && status === 'parked');
  return [...new Set(parked.flatMap(({ head }) => head ?? []))];
}
