import { utf8Bytes } from '@tenon/core';
import { z } from 'zod';

/** Ids hold at most this many bytes of UTF-8: they become keys of rows and of operations. */
export const ID_BYTES_MAX = 64;
/** Whole digits of an amount: what `numeric(18,2)` holds. */
export const AMOUNT_DIGITS_MAX = 16;

/**
 * A payment order, as the saga `transfer` takes it. Ids are compared byte by byte: `A1`, `a1` and `A1 ` are three
 * accounts. Money is decimal text, never a number, because JSON numbers are floating point.
 */
export const Transfer = z.object({
  orderId: id('order'),
  /** The paying account. Its orders run one after another. */
  accountId: id('account'),
  /** The receiving bank. */
  bankTo: id('bank'),
  /** The receiving account, which only that bank knows. */
  accountTo: id('receiving account'),
  amount: z
    .string({ error: 'the amount must be text such as "100.00"' })
    .check(faultBy(amountFault)),
});

export type Transfer = z.infer<typeof Transfer>;

/** Why an order cannot be a transfer, in words; null when it can. */
export function transferFault(order: unknown): string | null {
  const { error } = Transfer.safeParse(order);
  return error === undefined ? null : error.issues.map((issue) => issue.message).join('; ');
}

/** Why `text` is no id of this kind (`account`, say), in words; null when it is one. */
export function idFault(kind: string, text: string): string | null {
  if (text.length === 0) return `the ${kind} id is empty`;
  if (/\0|\p{Surrogate}/u.test(text))
    return `the ${kind} id holds a character that no database stores`;
  const bytes = utf8Bytes(text);
  return bytes > ID_BYTES_MAX
    ? `the ${kind} id has ${bytes} bytes; ${ID_BYTES_MAX} are the limit`
    : null;
}

/** Why `text` is no amount of money, in words; null when it is one. */
export function amountFault(text: string): string | null {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return `the amount ${shown} is not a decimal number such as 100.00`;
  const [, sign, whole = '', decimals = ''] = parts;
  if (sign === '-' || /^0*$/.test(whole + decimals))
    return `the amount ${shown} is not more than zero`;
  if (decimals.length > 2) return `the amount ${shown} has more than two decimals`;
  const digits = whole.replace(/^0+/, '').length;
  if (digits <= AMOUNT_DIGITS_MAX && text.length <= 40) return null;
  return `the amount ${shown} is too large; ${AMOUNT_DIGITS_MAX} digits before the point are the limit`;
}

function id(kind: string) {
  return z
    .string({ error: `the ${kind} id must be text` })
    .check(faultBy((text) => idFault(kind, text)));
}

/** A check of zod that says what `faultOf` finds wrong. */
function faultBy(faultOf: (text: string) => string | null): z.core.CheckFn<string> {
  return (context) => {
    const message = faultOf(context.value);
    if (message !== null) context.issues.push({ code: 'custom', message, input: context.value });
  };
}
