import type { FaultPoint } from '@tenon/core';

/** Points of which each must see at least a quarter of all kills, rounded down. */
const QUARTERS = [
  'step.afterEffect',
  'takein.after',
  'tcc.decided',
] as const satisfies readonly FaultPoint[];
/** Where the rest is placed: between a handler's first write and its commit. */
const REST: FaultPoint = 'step.beforeCommit';

/** Points that are passed so often that it pays to let some by: each kill then meets another moment of the run. */
const HITS_MAX = 25;

/** Where `kills` instances are to be killed: the points take turns. */
export function killPlan(kills: number): readonly FaultPoint[] {
  const each = Math.floor(kills / 4);
  const points: readonly FaultPoint[] = [REST, ...QUARTERS];
  const plan = Array.from({ length: each }, () => points).flat();
  return [...plan, ...Array.from({ length: kills - plan.length }, () => REST)];
}

/**
 * How many passes of a point to let by before the kill. `isHurried` after a round without a kill. The intake passes its
 * own point a few times a round only.
 */
export function hitsBefore(point: FaultPoint, random: number, isHurried: boolean): number {
  return point === 'takein.after' || isHurried ? 1 : 1 + Math.floor(random * HITS_MAX);
}
