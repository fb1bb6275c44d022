import { MARKER_STATUSES, SAGA_STATES, type MarkerFilter, type SagaFilter } from '@tenon/core';
import { isStorable } from './page';

/** The filter without what no row can have; null where no row can match. */
export function sagaFilterOf(filter: SagaFilter): SagaFilter | null {
  const ends = [filter.createdFrom, filter.createdTo];
  if (ends.some((end) => end !== undefined && Number.isNaN(end.getTime()))) return null;
  return possible({
    ...filter,
    ...(filter.types && { types: storable(filter.types) }),
    ...(filter.states && { states: known(SAGA_STATES, filter.states) }),
  });
}

export function markerFilterOf(filter: MarkerFilter): MarkerFilter | null {
  return possible({
    ...filter,
    ...(filter.types && { types: storable(filter.types) }),
    ...(filter.statuses && { statuses: known(MARKER_STATUSES, filter.statuses) }),
  });
}

function possible<Filter extends SagaFilter & MarkerFilter>(filter: Filter): Filter | null {
  const { types, states, statuses, key } = filter;
  const isImpossible = [types, states, statuses].some((list) => list?.length === 0);
  return isImpossible || (key !== undefined && !isStorable(key)) ? null : filter;
}

function storable(types: readonly string[]): readonly string[] {
  return [...new Set(types)].filter(isStorable);
}

function known<Name extends string>(
  names: readonly Name[],
  asked: readonly Name[],
): readonly Name[] {
  return names.filter((name) => asked.includes(name));
}
