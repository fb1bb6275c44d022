// Goal: whatever a handler throws becomes an outcome that can be stored and shown; nothing escapes.
// Method: everything that JavaScript can throw.
import { UsageError } from '../errors';
import { DELAY_MS_MAX } from '../retry/backoff';
import { FinalError, RefusedError, RetryAfterError, outcomeOfThrown, refuse } from './outcome';

describe('outcomeOfThrown', () => {
  it('takes a refusal for one, returned or thrown', () => {
    const refused = { kind: 'refused', reason: 'bank closed' };
    expect(outcomeOfThrown(refuse('bank closed'))).toEqual(refused);
    expect(outcomeOfThrown(new RefusedError('bank closed'))).toEqual(refused);
  });

  it('keeps name, message and code of an error', () => {
    expect(outcomeOfThrown(new RangeError('too far'))).toEqual({
      kind: 'failed',
      code: 'TENON_HANDLER_FAILED',
      message: 'RangeError: too far',
      isFinal: false,
      retryAfterMs: null,
    });
    const usage = new UsageError('TENON_INVALID_RESULT', 'no JSON');
    expect(outcomeOfThrown(usage)).toMatchObject({ code: 'TENON_INVALID_RESULT' });
  });

  it('knows an error of another realm by its looks', () => {
    const foreign: unknown = { name: 'TypeError', message: 'from a worker' };
    expect(outcomeOfThrown(foreign)).toMatchObject({ message: 'TypeError: from a worker' });
  });

  it('knows failures that no retry mends, and those that tell when to come back', () => {
    expect(outcomeOfThrown(new FinalError('gone'))).toMatchObject({
      kind: 'failed',
      isFinal: true,
    });
    const waits = [1_500.4, -5, NaN, Infinity].map((ms) =>
      outcomeOfThrown(new RetryAfterError(ms, 'busy')),
    );
    expect(waits).toMatchObject(
      [1_500, 0, null, DELAY_MS_MAX].map((retryAfterMs) => ({ retryAfterMs, isFinal: false })),
    );
  });

  const cruel = new Error('x');
  Object.defineProperty(cruel, 'message', {
    get: () => {
      throw new Error('no message for you');
    },
  });
  const circle: { self?: unknown } = {};
  circle.self = circle;

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'no'],
    ['a symbol', Symbol('s')],
    ['a BigInt', 5n],
    ['a circle', circle],
    ['an object without a prototype', Object.create(null)],
    ['an error with a symbol for a name', Object.assign(new Error('x'), { name: Symbol('n') })],
    ['an error whose message throws', cruel],
  ])('makes a failure of %s', (_, thrown) => {
    expect(outcomeOfThrown(thrown)).toMatchObject({
      kind: 'failed',
      message: expect.stringMatching(/./) as string,
    });
  });

  it('cuts texts to what a column takes', () => {
    const long = outcomeOfThrown(new Error(`\0${'x'.repeat(1_991)}\u{1F4B8}`));
    expect(long).toMatchObject({ message: `Error: \u2400${'x'.repeat(1_991)}\ufffd` });
    expect(outcomeOfThrown(refuse('a\0b'))).toEqual({ kind: 'refused', reason: 'a\u2400b' });
  });
});
