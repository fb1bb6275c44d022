import { lineOf, Warner, withoutSecrets } from './warner';

// Goal: a queue that is away for an hour is a few lines in the log, and none holds a password.
// Method: a clock of the test's own.
describe('Warner', () => {
  it('says the same thing once in ten seconds and counts the rest', () => {
    let now = 0;
    const lines: string[] = [];
    const warner = new Warner(
      (line) => lines.push(line),
      () => now,
    );
    for (let i = 0; i < 50; i++) warner.warn(`connect ECONNREFUSED 127.0.0.1:${6000 + i}`);
    warner.warn('something else');
    expect(lines).toEqual([
      'Tenon queue: connect ECONNREFUSED 127.0.0.1:6000',
      'Tenon queue: something else',
    ]);
    now = 10_001;
    warner.warn('connect ECONNREFUSED 127.0.0.1:6379');
    expect(lines[2]).toBe('Tenon queue: connect ECONNREFUSED 127.0.0.1:6379 (and 49 times before)');
  });

  it('prints no credentials', () => {
    expect(withoutSecrets('no redis://me:se:cret@host:1/0 there')).toBe(
      'no redis://host:1/0 there',
    );
    expect(withoutSecrets('postgres://host/db?user=me&password=secret&x=1')).toBe(
      'postgres://host/db?user=me&password=…&x=1',
    );
  });

  it('makes one line of any error', () => {
    expect(lineOf(new Error('a\n  b'))).toBe('a b');
    expect(lineOf(new AggregateError([new Error('x'), new Error('y')]))).toBe('x, y');
    expect(lineOf(undefined)).toBe('undefined');
  });
});
