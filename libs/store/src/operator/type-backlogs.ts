import type { SagaState, TypeBacklog } from '@tenon/core';

/** Nothing is counted further than this. */
export const COUNT_MAX = 10_000;
/** Of so many types, the first by name, what waits is counted. */
export const TYPES_MAX = 500;

export interface TypeCount {
  readonly type: string;
  readonly count: number;
}
export interface LiveCount extends TypeCount {
  readonly state: SagaState;
}
export interface PendingCount extends TypeCount {
  readonly oldestMs: number;
}

interface Counts {
  readonly pending: readonly PendingCount[];
  readonly live: readonly LiveCount[];
  readonly paused: readonly TypeCount[];
  readonly dead: readonly TypeCount[];
}

/** Puts the counts together, one line per type that has any, by name. Pure. */
export function typeBacklogs({ pending, live, paused, dead }: Counts): readonly TypeBacklog[] {
  const types = new Set([...pending, ...live, ...paused, ...dead].map(({ type }) => type));
  const of = <Count extends TypeCount>(counts: readonly Count[], type: string): readonly Count[] =>
    counts.filter((each) => each.type === type);
  return [...types].sort().map((type) => {
    const [waiting] = of(pending, type);
    const states = [
      ...of(live, type).map(({ state, count }) => [state, count] as const),
      ...of(paused, type).map(({ count }) => ['paused', count] as const),
    ];
    return {
      type,
      pending: waiting?.count ?? 0,
      oldestPendingMs: waiting?.oldestMs ?? 0,
      live: Object.fromEntries(states),
      dead: of(dead, type)[0]?.count ?? 0,
    };
  });
}
