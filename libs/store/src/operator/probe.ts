import {
  FINAL_STATES,
  MARKER_STATUSES,
  isFinalState,
  type FinalState,
  type MarkerFilter,
  type MarkerStatus,
  type SagaFilter,
} from '@tenon/core';

/**
 * A part of a list that one index serves in the order of ids. A page is merged from those of its filter; each is read no
 * further than the page is long, and everything in the filter is asked of each row besides.
 *
 * - `every`: all rows, by the primary key
 * - `ofKey`: the operations of a key
 * - `ended`: the sagas that ended in a state; `live`: those that have not; `paused`: those that wait for a person
 * - `ofType`: the sagas of a type that ended in a state, or that live (null)
 * - `waiting`: the markers that are pending or parked; `setAside`: those that are dead, or done by a person's doing
 */
export type Probe =
  | { readonly kind: 'every' | 'live' | 'paused' | 'waiting' | 'setAside' }
  | { readonly kind: 'ofKey'; readonly key: string }
  | { readonly kind: 'ended'; readonly state: FinalState }
  | { readonly kind: 'ofType'; readonly type: string; readonly endedState: FinalState | null };

/** The parts of which a list of sagas is merged. Pure. */
export function probesForSagas({ states, types, key }: SagaFilter): readonly Probe[] {
  if (key !== undefined) return [{ kind: 'ofKey', key }];
  if (states === undefined) return types === undefined ? [{ kind: 'every' }] : ofTypes(types);
  const ended = FINAL_STATES.filter((state) => states.includes(state));
  const isPausedAsked = states.includes('paused');
  const isLiveAsked = states.some((state) => state !== 'paused' && !isFinalState(state));
  return [
    ...ended.flatMap((state): readonly Probe[] =>
      types === undefined
        ? [{ kind: 'ended', state }]
        : types.map((type) => ({ kind: 'ofType', type, endedState: state })),
    ),
    ...(isPausedAsked ? [{ kind: 'paused' } as const] : []),
    ...(isLiveAsked ? live(types) : []),
  ];
}

/** The parts of which a list of markers is merged. A marker may be in two of them. Pure. */
export function probesForMarkers({ statuses, types, key }: MarkerFilter): readonly Probe[] {
  if (key !== undefined) return [{ kind: 'ofKey', key }];
  if (statuses === undefined && types === undefined) return [{ kind: 'every' }];
  const asked = (...some: readonly MarkerStatus[]): boolean =>
    some.some((status) => (statuses ?? MARKER_STATUSES).includes(status));
  const isDoneAsked = asked('done');
  if (isDoneAsked && types === undefined) return [{ kind: 'every' }];
  return [
    ...(asked('pending', 'parked') ? [{ kind: 'waiting' } as const] : []),
    ...(asked('dead', 'done') ? [{ kind: 'setAside' } as const] : []),
    ...(isDoneAsked && types !== undefined ? ofTypes(types) : asked('taken') ? live(types) : []),
  ];
}

function ofTypes(types: readonly string[]): readonly Probe[] {
  return types.flatMap((type) =>
    [null, ...FINAL_STATES].map((endedState): Probe => ({ kind: 'ofType', type, endedState })),
  );
}

function live(types: readonly string[] | undefined): readonly Probe[] {
  return types === undefined
    ? [{ kind: 'live' }]
    : types.map((type): Probe => ({ kind: 'ofType', type, endedState: null }));
}
