/**
 * Places at which a test (or the demo's `--kills`) may stop the process, in the order of a row's way. Production runs
 * with {@link noFaults}.
 */
export const FAULT_POINTS = [
  'append.after',
  'takein.after',
  'dispatch.after',
  'adopt.after',
  'step.beforeCommit',
  'step.afterEffect',
  'tcc.decided',
  'record.before',
  'record.after',
  'release.before',
  'release.after',
  'repair.before',
  'repair.after',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/** The hook that the engine calls at each {@link FaultPoint}. */
export interface FaultPoints {
  hit(point: FaultPoint): Promise<void>;
}

const nothing = Promise.resolve();

/** Does nothing. */
export const noFaults: FaultPoints = { hit: () => nothing };
