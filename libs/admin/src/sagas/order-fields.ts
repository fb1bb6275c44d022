import { toJsonText, UsageError, type Json } from '@tenon/core';
import { REASON_LENGTH_MAX } from '@tenon/engine';
import { z } from 'zod';
import { text } from '../http/fields';

/** Why: stands in the history and in the audit log. */
export const reasonField = z
  .string('say why, as text')
  .trim()
  .pipe(text(REASON_LENGTH_MAX))
  .meta({ type: 'string', minLength: 1, maxLength: REASON_LENGTH_MAX })
  .describe('Why. Stands in the history and in the audit log.');

/** The body of a verb. */
export const orderFields = {
  reason: reasonField,
  seq: z
    .int('is a whole number')
    .min(0, 'is not negative')
    .optional()
    .describe(
      'The number of the last transition that you have seen: the order is refused when more has happened.',
    ),
} as const;

/** The body of mark-done. */
export const markDoneFields = {
  ...orderFields,
  result: z
    .unknown()
    .transform((value, issues): Json | undefined => {
      if (value === undefined) return undefined;
      try {
        return JSON.parse(toJsonText('It', value)) as Json;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        issues.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .optional()
    .describe('What the step would have returned, for later steps to read. Default null.'),
} as const;
