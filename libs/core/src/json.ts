import { UsageError } from './errors';

/** What JSON can say. Payloads and step results are stored as JSON; money and large integers travel as strings. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The largest payload or step result that is stored, in bytes of UTF-8 JSON. Larger data belongs in a row of its own. */
export const JSON_BYTES_MAX = 262_144;

/** The deepest nesting of lists and objects that is stored: MariaDB reads no deeper one. */
export const JSON_DEPTH_MAX = 31;

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
    text = stringify(what, value) ?? 'null';
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
  if (depthOf(text) > JSON_DEPTH_MAX) {
    throw new UsageError(
      'TENON_INVALID_RESULT',
      `${what} is nested deeper than ${JSON_DEPTH_MAX} levels. Flatten it, or store it as text.`,
    );
  }
  return text;
}

/** Undefined is what JSON makes of undefined, and of a value whose toJSON() answers undefined. */
function stringify(what: string, value: unknown): string | undefined {
  return JSON.stringify(value, (name, part: unknown) => refuseUnstorable(what, name, part));
}

/** How deep the lists and objects of a JSON text are nested. Strings are skipped: they may hold brackets. */
function depthOf(text: string): number {
  let [depth, depthMax] = [0, 0];
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') depthMax = Math.max(depthMax, ++depth);
    if (token === ']' || token === '}') depth -= 1;
  }
  return depthMax;
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
