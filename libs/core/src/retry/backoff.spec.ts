// Goal: waits grow as declared, within their limits, whatever the numbers.
// Method: examples for the shape, fast-check for the limits.
import fc from 'fast-check';
import { DELAY_MS_MAX, backoffMs, exponential, fixed, noRetry, retryFaults } from './backoff';

describe('backoffMs', () => {
  it('doubles up to the cap', () => {
    const policy = exponential({ baseMs: 100, capMs: 1_000, jitter: 0 });
    expect([1, 2, 3, 4, 5, 50].map((failures) => backoffMs(policy, failures, 0))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it('leaves the declared share to chance', () => {
    const policy = exponential({ baseMs: 1_000, jitter: 0.5 });
    expect([0, 0.5, 1].map((random) => backoffMs(policy, 1, random))).toEqual([1_000, 750, 500]);
  });

  it('stays the same when fixed', () => {
    const policy = fixed({ attempts: 3, delayMs: 70 });
    expect([1, 2].map((failures) => backoffMs(policy, failures, 0.9))).toEqual([70, 70]);
  });

  it('is a whole number within the limits for every legal policy', () => {
    const policies = fc.record({
      attempts: fc.integer({ min: 1, max: 100_000 }),
      baseMs: fc.integer({ min: 0, max: 10_000 }),
      capMs: fc.integer({ min: 10_000, max: DELAY_MS_MAX }),
      factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 100_000 }),
        chance,
        (options, failures, random) => {
          const policy = exponential(options);
          expect(retryFaults(policy)).toEqual([]);
          const ms = backoffMs(policy, failures, random);
          expect(Number.isInteger(ms) && ms >= 0 && ms <= policy.delayMsMax).toBe(true);
        },
      ),
    );
  });
});

describe('retryFaults', () => {
  it('finds nothing in what the makers make', () => {
    expect(
      [exponential(), noRetry, fixed({ attempts: 1, delayMs: 5 })].flatMap(retryFaults),
    ).toEqual([]);
  });

  it.each<[string, Parameters<typeof exponential>[0], RegExp]>([
    ['no attempt', { attempts: 0 }, /attempts/],
    ['half an attempt', { attempts: 1.5 }, /attempts/],
    ['endless attempts', { attempts: Infinity }, /attempts/],
    ['a negative wait', { baseMs: -1 }, /first wait/],
    ['a cap below the first wait', { baseMs: 10, capMs: 5 }, /longest wait/],
    ['an endless cap', { capMs: Infinity }, /longest wait/],
    ['a wait that shrinks', { factor: 0.5 }, /factor/],
    ['a number that is none', { factor: NaN }, /factor/],
    ['more jitter than the wait', { jitter: 1.1 }, /jitter/],
  ])('finds %s', (_, options, fault) => {
    expect(retryFaults(exponential(options)).join()).toMatch(fault);
  });
});
