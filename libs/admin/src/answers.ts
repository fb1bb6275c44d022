import {
  FINDING_CODES,
  MARKER_STATUSES,
  PHASES,
  SAGA_STATES,
  TRANSITION_OUTCOMES,
  VERBS,
} from '@tenon/core';
import { z } from 'zod';
import { OPERATOR_ROLES } from './keys/roles';

/** What the admin API answers, for the documentation; the tests hold the answers against it. */

const id = z.string().describe('A number, as text: it may be larger than 2^53.');
const at = z.iso.datetime();
const dueInMs = z.number().nullable();

const pause = z.strictObject({ type: z.string(), by: z.string(), reason: z.string(), at });

export const sagaSummary = z.strictObject({
  id,
  type: z.string(),
  version: z.int(),
  key: z.string().nullable(),
  state: z.enum(SAGA_STATES),
  reason: z.string().nullable().describe('Why it was compensated, paused or killed.'),
  createdAt: at,
  finishedAt: at.nullable(),
});

export const markerSummary = z.strictObject({
  id,
  type: z.string(),
  key: z.string().nullable(),
  status: z.enum(MARKER_STATUSES),
  priority: z.int(),
  reason: z.string().nullable().describe('Why it is dead, or was discarded.'),
  createdAt: at,
  dueAt: at,
  finishedAt: at.nullable(),
});

export const sessionAnswer = z.strictObject({
  id,
  worker: z.string(),
  roles: z.array(z.string()),
  versions: z.record(z.string(), z.array(z.int())).describe('The versions it can run, by type.'),
  startedAt: at,
  renewedAt: at,
  endedAt: at.nullable(),
  hasLapsed: z.boolean(),
  expiresInMs: z.number().describe('Until it lapses unless it is renewed; negative when it has.'),
});

const transition = z.strictObject({
  seq: z.int(),
  step: z.string().nullable(),
  phase: z.enum(PHASES).nullable(),
  attempt: z.int(),
  from: z.enum(SAGA_STATES),
  to: z.enum(SAGA_STATES),
  outcome: z.enum(TRANSITION_OUTCOMES),
  errorCode: z.string().nullable(),
  reason: z.string().nullable(),
  result: z.unknown().describe('What a try or an action returned.'),
  durationMs: z.number(),
  verb: z.enum(VERBS).nullable().describe('What the operator did whose doing this row is.'),
  fence: z.int(),
  sessionId: id.nullable(),
  at,
});

export const sagaAnswer = z.strictObject({
  id,
  marker: z.strictObject({
    ...markerSummary.shape,
    payload: z.unknown().describe('As far as it may be shown.'),
    idempotencyKey: z.string().nullable(),
    deadlineAt: at.nullable(),
    traceContext: z.string().nullable(),
    dueInMs: z.number(),
  }),
  saga: z
    .strictObject({ ...sagaSummary.shape, fence: z.int(), crashes: z.int(), dueInMs })
    .nullable()
    .describe('Null while the marker has not been taken in.'),
  transitions: z.array(transition),
  fences: z.array(z.strictObject({ step: z.string(), phase: z.enum(PHASES), fence: z.int(), at })),
  holder: sessionAnswer.nullable().describe('The session that runs it.'),
  jobs: z.strictObject({
    isQueued: z.boolean().describe('It was handed to the queue, and nobody has adopted it yet.'),
  }),
  behind: z
    .strictObject({ id, type: z.string(), state: z.enum([...SAGA_STATES, 'pending']) })
    .nullable()
    .describe('The operation of the same key that goes first.'),
  pause: pause.nullable().describe('The pause of its type.'),
});

export const explanationAnswer = z.strictObject({
  id,
  state: z.enum(SAGA_STATES).nullable(),
  markerStatus: z.enum(MARKER_STATUSES),
  findings: z
    .array(
      z.strictObject({
        code: z.enum(FINDING_CODES),
        text: z.string(),
        cure: z.string().nullable(),
      }),
    )
    .describe('Why it is where it is, the reason that matters most first. Never empty.'),
});

export const orderAnswer = z.strictObject({
  id: id.describe('Of what is carried out: of a redriven dead letter this may be a copy.'),
  state: z.enum(SAGA_STATES).nullable(),
  changed: z.boolean().describe('False for a second click: it was as ordered already.'),
  because: z.string().nullable().describe('Why nothing was changed.'),
});

export const typesAnswer = z.strictObject({
  items: z.array(
    z.strictObject({
      type: z.string(),
      pending: z.int().describe('Due, and not taken in. Counted up to a limit.'),
      oldestPendingMs: z.number(),
      live: z.record(z.string(), z.int()).describe('Live sagas, by state.'),
      dead: z.int(),
      pause: pause.nullable(),
    }),
  ),
});

export const typePauseAnswer = z.strictObject({
  type: z.string(),
  isPaused: z.boolean(),
  changed: z.boolean(),
});

export const repairRunAnswer = z.strictObject({
  id,
  rule: z.string(),
  found: z.int(),
  repaired: z.int(),
  durationMs: z.number(),
  error: z.string().nullable(),
  at,
});

export const repairNowAnswer = z.strictObject({
  runs: z.array(
    z.strictObject({
      rule: z.string(),
      found: z.int(),
      repaired: z.int(),
      durationMs: z.number(),
      error: z.string().nullable(),
    }),
  ),
});

export const auditAnswer = z.strictObject({
  id,
  at,
  actor: z.string(),
  role: z.string(),
  verb: z.string(),
  target: z.string(),
  reason: z.string().nullable(),
  detail: z.unknown(),
});

export const keysAnswer = z.strictObject({
  items: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(OPERATOR_ROLES),
      createdAt: at,
      revokedAt: at.nullable(),
    }),
  ),
});
