/**
 * The one table of states. The database's CHECK constraints, the invariant checker and the documentation's picture are
 * derived from what stands here.
 */
export const MARKER_STATUSES = ['pending', 'parked', 'taken', 'done', 'dead'] as const;

/**
 * - `pending`: committed, not yet taken in (or not yet due)
 * - `parked`: due, but behind an earlier marker of its key
 * - `taken`: its saga lives, and it holds its key
 * - `done`: its saga ended (or was told to let its key go), or it was discarded
 * - `dead`: cannot be taken in or run: unknown operation, invalid payload. A person redrives it (`pending`) or discards it (`done`)
 */
export type MarkerStatus = (typeof MARKER_STATUSES)[number];

/** Markers in these statuses make the later ones of their key wait. */
export const KEY_HOLDING_STATUSES = [
  'pending',
  'parked',
  'taken',
] as const satisfies readonly MarkerStatus[];

/** Legal moves of a marker. */
export const MARKER_MOVES: Readonly<Record<MarkerStatus, readonly MarkerStatus[]>> = {
  pending: ['parked', 'taken', 'dead'],
  parked: ['pending', 'taken', 'dead'],
  taken: ['done', 'dead'],
  done: [],
  dead: ['pending', 'done'],
};

export const SAGA_STATES = [
  'ready',
  'running',
  'trying',
  'confirming',
  'cancelling',
  'compensating',
  'completed',
  'compensated',
  'paused',
  'killed',
] as const;

/**
 * - `ready`: not started, or waiting for a due time
 * - `running`: steps go forward; `trying`: TCC tries; `confirming`: the decision to confirm stands
 * - `cancelling`, `compensating`: what was done is being undone
 * - `completed`, `compensated`, `killed`: ended
 * - `paused`: a person must look
 */
export type SagaState = (typeof SAGA_STATES)[number];

/** The states in which a saga has ended for good. */
export const FINAL_STATES = [
  'completed',
  'compensated',
  'killed',
] as const satisfies readonly SagaState[];

const INTERRUPTIONS = ['ready', 'paused', 'killed'] as const;

/** Legal moves of a saga: what a row of `saga_transition` may say in `from_state` and `to_state`. */
export const SAGA_MOVES: Readonly<Record<SagaState, readonly SagaState[]>> = {
  ready: ['running', 'trying', 'confirming', 'cancelling', 'compensating', 'paused', 'killed'],
  running: ['running', 'trying', 'compensating', 'completed', ...INTERRUPTIONS],
  trying: ['trying', 'confirming', 'cancelling', ...INTERRUPTIONS],
  confirming: ['confirming', 'running', 'completed', ...INTERRUPTIONS],
  cancelling: ['cancelling', 'compensating', 'compensated', ...INTERRUPTIONS],
  compensating: ['compensating', 'compensated', ...INTERRUPTIONS],
  paused: [
    'ready',
    'running',
    'trying',
    'confirming',
    'cancelling',
    'compensating',
    ...FINAL_STATES,
  ],
  completed: [],
  compensated: [],
  killed: [],
};

export type FinalState = (typeof FINAL_STATES)[number];

export function isFinalState(state: SagaState): state is FinalState {
  return (FINAL_STATES as readonly SagaState[]).includes(state);
}

export function isLegalSagaMove(from: SagaState, to: SagaState): boolean {
  return SAGA_MOVES[from].includes(to);
}

/** What a handler is called for. */
export const PHASES = ['action', 'compensate', 'try', 'confirm', 'cancel'] as const;
export type Phase = (typeof PHASES)[number];

/** The state a saga is in while a handler is called for a phase. */
export const STATE_OF_PHASE = {
  action: 'running',
  compensate: 'compensating',
  try: 'trying',
  confirm: 'confirming',
  cancel: 'cancelling',
} as const satisfies Record<Phase, SagaState>;
