import { isFinalState, type SagaState, type TypeBacklog } from '@tenon/core';
import type { MemoryDatabase } from '../memory-database';

/** What waits, by type. */
export function backlog(database: MemoryDatabase): readonly TypeBacklog[] {
  const markers = [...database.markers.values()];
  const live = [...database.sagas.values()].filter(({ state }) => !isFinalState(state));
  const pending = markers.filter(
    ({ status, dueAt }) => status === 'pending' && dueAt <= database.nowMs,
  );
  const dead = markers.filter(({ status }) => status === 'dead');
  // A type whose markers are pending has a line, due or not.
  const waiting = markers.filter(({ status }) => status === 'pending');
  const types = new Set([...waiting, ...live, ...dead].map(({ type }) => type));
  return [...types].sort().map((type) => {
    const ofType = (row: { readonly type: string }): boolean => row.type === type;
    const due = pending.filter(ofType);
    return {
      type,
      pending: due.length,
      oldestPendingMs: Math.max(0, ...due.map(({ dueAt }) => database.nowMs - dueAt)),
      live: countStates(live.filter(ofType).map(({ state }) => state)),
      dead: dead.filter(ofType).length,
    };
  });
}

function countStates(states: readonly SagaState[]): TypeBacklog['live'] {
  const counts: Partial<Record<SagaState, number>> = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
