import { z } from 'zod';
import { RefusedAnswer } from '../accounts/account-schemas';
import { Transfer } from './transfer';

/** A request waits no longer than this for an outcome, in milliseconds. */
export const WAIT_MS_MAX = 30_000;

/** A payment order, as clients send it. */
export const OrderBody = z.strictObject(Transfer.shape, {
  error: (issue) =>
    issue.code === 'invalid_type'
      ? 'Send the order as a JSON object, with content-type: application/json.'
      : undefined,
});

export const OrderQuery = z.strictObject({
  wait: z
    .string({ error: 'must be given once' })
    .regex(/^\d{1,12}$/, { error: 'must be a number of milliseconds, such as 2000' })
    .transform(Number)
    .optional()
    .describe('Wait for the outcome for so many milliseconds, at most 30,000.'),
});

/** `pending` until it is taken in; `dead` when it cannot be carried out; else the saga's state. */
const state = z
  .string()
  .describe(
    '`pending`, `ready`, `trying`, `confirming`, `cancelling`, `compensating`, `running`, `paused`, or how it ended: `completed`, `compensated`, `killed`, `dead`.',
  );

export const TransferAnswer = z.object({
  id: z.string().describe('Of the transfer, which is a saga.'),
  orderId: z.string(),
  state,
  hasEnded: z.boolean(),
  reason: z.string().nullable().describe('Why it was compensated, paused or given up.'),
  waitMs: z.number().optional().describe('Where more was asked for: how long was waited at most.'),
});
export type TransferAnswer = z.infer<typeof TransferAnswer>;

export const TransferView = z.object({
  id: z.string(),
  orderId: z.string(),
  accountId: z.string(),
  bankTo: z.string(),
  accountTo: z.string(),
  amount: z.string(),
  state,
  hasEnded: z.boolean(),
  reason: z.string().nullable(),
  acceptedAt: z.string(),
  endedAt: z.string().nullable(),
});
export type TransferView = z.infer<typeof TransferView>;

export const TransferImportAnswer = z.object({ accepted: z.number(), ...RefusedAnswer });

export const ReportAnswer = z.object({
  orders: z.number(),
  completed: z.number(),
  compensated: z.record(z.string(), z.number()).describe('By reason.'),
  paused: z.number(),
  balances_total: z.string(),
  booked_total: z.string(),
  seconds: z.number(),
  sagas_per_second: z.number(),
  latency_ms: z.object({ p50: z.number(), p99: z.number() }),
  queue_jobs: z.number().describe('Of the process that answers, since it started.'),
  commits_per_saga: z.number().describe('Of the process that answers, for what ended in it.'),
  open: z.number().describe('Neither ended nor paused.'),
  dead: z.number(),
});
