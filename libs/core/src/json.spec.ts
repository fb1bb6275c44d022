// Goal: what is stored as JSON comes back as it was, and what no database stores is refused where it is made.
// Method: values of all kinds, and whatever fast-check finds.
import fc from 'fast-check';
import { UsageError } from './errors';
import { JSON_BYTES_MAX, JSON_DEPTH_MAX, toJsonText, utf8Bytes } from './json';

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

describe('toJsonText', () => {
  it('makes null of undefined, and of a value that says it is undefined', () => {
    expect(toJsonText('it', undefined)).toBe('null');
    expect(toJsonText('it', { toJSON: () => undefined })).toBe('null');
    expect(toJsonText('it', { kept: 1, dropped: undefined })).toBe('{"kept":1}');
  });

  it.each<[string, unknown, string]>([
    ['a NUL character', { a: ['b\0'] }, 'a NUL character'],
    ['a NUL character in a name', { 'a\0': 1 }, 'a NUL character'],
    ['half of a surrogate pair', '\ud83d', 'half of a surrogate pair'],
    ['half of a surrogate pair in a name', { '\udcb8': 1 }, 'half of a surrogate pair'],
    ['a BigInt', { amount: 5n }, 'as a string'],
    ['a number that is none', { amount: NaN }, 'NaN'],
    ['an endless number', [Infinity], 'Infinity'],
    ['a function', { f: () => 1 }, 'a function'],
    ['a symbol', Symbol('s'), 'a symbol'],
  ])('refuses %s, and names what and where', (_, value, fault) => {
    expect(() => toJsonText('The payload', value)).toThrow(UsageError);
    expect(() => toJsonText('The payload', value)).toThrow(/^The payload holds /);
    expect(() => toJsonText('The payload', value)).toThrow(fault);
  });

  it('refuses a circle', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => toJsonText('It', circle)).toThrow(UsageError);
  });

  it('refuses what is too large, counted in bytes of UTF-8', () => {
    const fits = 'é'.repeat((JSON_BYTES_MAX - 2) / 2);
    expect(utf8Bytes(toJsonText('It', fits))).toBe(JSON_BYTES_MAX);
    expect(() => toJsonText('It', `${fits}a`)).toThrow(
      expect.objectContaining({ code: 'TENON_PAYLOAD_TOO_LARGE' }) as Error,
    );
  });

  it('refuses what is nested too deep for MariaDB, and counts no brackets in texts', () => {
    expect(toJsonText('It', nested(JSON_DEPTH_MAX))).toContain('"x"');
    expect(() => toJsonText('It', nested(JSON_DEPTH_MAX + 1))).toThrow(/nested deeper than 31/);
    expect(() => toJsonText('It', nested(100_000))).toThrow(UsageError);
    const brackets = '[{'.repeat(100);
    expect(JSON.parse(toJsonText('It', [`"${brackets}\\`, brackets]))).toEqual([
      `"${brackets}\\`,
      brackets,
    ]);
  });

  it('brings back every other JSON value as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!/\0|\p{Surrogate}/u.test(textsOf(value)));
        expect(JSON.parse(toJsonText('It', value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

/** All texts and names in `value`, to look for what cannot be stored. */
function textsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, part]) => name + textsOf(part))
    .join('');
}

describe('utf8Bytes', () => {
  it('counts as an encoder does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});
