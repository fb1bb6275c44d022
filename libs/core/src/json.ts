import { UsageError } from './errors';

/** What JSON can say. Payloads and step results are stored as JSON; money and large integers travel as strings. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The largest payload or step result that is stored, in bytes of UTF-8 JSON. Larger data belongs in a row of its own. */
export const JSON_BYTES_MAX = 262_144;

/**
 * Turns `value` into the JSON text that is stored, or says why it cannot be stored.
 *
 * `undefined` becomes `null`. A NUL character and a lone surrogate are refused, because PostgreSQL cannot store them in
 * `jsonb`: better a clear error where the value is made than a poisoned batch later. So are values that JSON would
 * change silently (`NaN`, `BigInt`, functions).
 *
 * @throws UsageError `TENON_PAYLOAD_TOO_LARGE` or `TENON_INVALID_RESULT`, naming `what`
 */
export function toJsonText(what: string, value: unknown, bytesMax = JSON_BYTES_MAX): string {
  let text: string;
  try {
    text = JSON.stringify(value ?? null, (name, part: unknown) =>
      refuseUnstorable(what, name, part),
    );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError('TENON_INVALID_RESULT', `${what} is not JSON: ${why}.`, { cause: error });
  }
  const bytes = utf8Bytes(text);
  if (bytes > bytesMax) {
    throw new UsageError(
      'TENON_PAYLOAD_TOO_LARGE',
      `${what} has ${bytes} bytes as JSON, the limit is ${bytesMax}. Store the data in a row of its own and pass its id.`,
    );
  }
  return text;
}

function refuseUnstorable(what: string, name: string, part: unknown): unknown {
  const fault = faultOf(part) ?? faultOf(name);
  if (fault === null) return part;
  throw new UsageError(
    'TENON_INVALID_RESULT',
    `${what} holds ${fault} at "${printable(name)}". Remove or encode it.`,
  );
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function faultOf(part: unknown): string | null {
  if (typeof part === 'bigint') return 'a BigInt (pass it as a string)';
  if (typeof part === 'function' || typeof part === 'symbol') return `a ${typeof part}`;
  if (typeof part === 'number') return Number.isFinite(part) ? null : `the number ${part}`;
  if (typeof part !== 'string') return null;
  if (part.includes('\0')) return 'a NUL character';
  return LONE_SURROGATE.test(part) ? 'half of a surrogate pair' : null;
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}

/** The length of `text` in bytes of UTF-8, counted without any platform's encoder: core imports nothing. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
