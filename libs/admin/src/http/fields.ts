import { KEY_BYTES_MAX, TYPE_LENGTH_MAX, utf8Bytes } from '@tenon/core';
import { z } from 'zod';
import { isId } from './read-input';

/** Fields that several queries and bodies have. What a query gives twice is a list, and no string. */

const NOT_TWICE = 'give it once, as text';

/** Text that a database can be asked for. */
export function text(lengthMax: number) {
  return z
    .string(NOT_TWICE)
    .min(1, 'must not be empty')
    .max(lengthMax, `has at most ${lengthMax} characters`)
    .refine((value) => !value.includes('\0'), 'must not hold a NUL character');
}

export const keyField = text(KEY_BYTES_MAX)
  .refine((value) => utf8Bytes(value) <= KEY_BYTES_MAX, `has at most ${KEY_BYTES_MAX} bytes`)
  .optional()
  .describe('Only operations of this key.');

/** One or more of `names`, with commas between them. */
export function oneOrMore<const Name extends string>(names: readonly Name[], describe: string) {
  const fault = `is one or more of ${names.join(', ')}, with commas between them`;
  const isName = (value: string): value is Name => (names as readonly string[]).includes(value);
  return z
    .string(NOT_TWICE)
    .transform((value, issues): readonly Name[] => {
      const asked = value.split(',');
      if (asked.every(isName)) return asked;
      issues.addIssue({ code: 'custom', message: fault });
      return z.NEVER;
    })
    .optional()
    .describe(`${describe} It ${fault}.`);
}

export const typesField = text(TYPE_LENGTH_MAX * 10)
  .transform((value) => value.split(','))
  .refine(
    (types) => types.every((type) => type.length > 0 && type.length <= TYPE_LENGTH_MAX),
    `is one or more types of at most ${TYPE_LENGTH_MAX} characters, with commas between them`,
  )
  .optional()
  .describe('Only operations of this type, or of these types, with commas between them.');

/** An instant, as ISO 8601 with its offset. */
export function instant(describe: string) {
  return z.iso
    .datetime({ offset: true, error: 'is an instant such as 2026-01-31T12:00:00Z' })
    .transform((value) => new Date(value))
    .refine((at) => at.getUTCFullYear() >= 1970, 'is not before 1970')
    .optional()
    .describe(describe);
}

export const idField = z
  .string(NOT_TWICE)
  .refine(isId, 'is the id of the last item of the page before')
  .optional()
  .describe('Go on behind this id: `next` of the page before.');
