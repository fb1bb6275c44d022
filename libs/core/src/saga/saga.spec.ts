// Goal: a saga reads as it runs, and a wrong declaration fails at once, saying everything that is wrong.
// Method: declarations, right and wrong.
import { UsageError } from '../errors';
import { exponential, fixed, noRetry } from '../retry/backoff';
import type { ActionHandler, ExternalActionHandler, TccHandler } from './handler';
import { STEP_TIMEOUT_MS_DEFAULT, saga, type Saga } from './saga';

abstract class Act implements ActionHandler<unknown> {
  abstract action(): Promise<void>;
}
abstract class Call implements ExternalActionHandler<unknown> {
  abstract action(): Promise<void>;
}
abstract class Branch implements TccHandler<unknown> {
  abstract try(): Promise<void>;
  abstract confirm(): Promise<void>;
  abstract cancel(): Promise<void>;
}

/** As a JavaScript program sees it: the compiler does not know its steps. */
const untyped = (declared: unknown): Saga<unknown> => declared as Saga<unknown>;

const options = { version: 1, input: { parse: (payload: unknown) => payload } };

describe('saga', () => {
  it('lists its steps in order, with every default filled in', () => {
    const declared = saga('transfer', options)
      .step('check', Act)
      .tcc('debit', Branch, { timeoutMs: 2_000, retry: noRetry })
      .step('advise', Call, { mode: 'external' });
    expect(declared.steps).toEqual([
      {
        name: 'check',
        kind: 'action',
        handler: Act,
        mode: 'transactional',
        timeoutMs: STEP_TIMEOUT_MS_DEFAULT,
        retry: exponential(),
      },
      {
        name: 'debit',
        kind: 'tcc',
        handler: Branch,
        mode: 'transactional',
        timeoutMs: 2_000,
        retry: noRetry,
      },
      {
        name: 'advise',
        kind: 'action',
        handler: Call,
        mode: 'external',
        timeoutMs: STEP_TIMEOUT_MS_DEFAULT,
        retry: exponential(),
      },
    ]);
  });

  it('has no key and blocks its key when paused, unless it says otherwise', () => {
    const plain = saga('plain', options);
    expect([plain.keyOf({ id: '7' }), plain.onPause]).toEqual([null, 'block']);
    const keyed = saga('keyed', {
      version: 2,
      input: { parse: (payload) => payload as { id: string } },
      key: ({ id }) => id,
      onPause: 'skip',
    });
    expect([keyed.version, keyed.keyOf({ id: '7' }), keyed.onPause]).toEqual([2, '7', 'skip']);
  });

  it('leaves the shorter saga as it was when a step is added', () => {
    const base = saga('base', options).step('one', Act);
    const [left, right] = [base.step('left', Act), base.step('right', Act)];
    const names = [base, left, right].map(({ steps }) => steps.map(({ name }) => name));
    expect(names).toEqual([['one'], ['one', 'left'], ['one', 'right']]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a type with a space', () => saga('a b', options), /its type must match/],
    ['a type that is too long', () => saga('x'.repeat(101), options), /its type must match/],
    ['version 0', () => saga('a', { ...options, version: 0 }), /whole number from 1, not 0/],
    ['half a version', () => saga('a', { ...options, version: 1.5 }), /not 1.5/],
    ['a step without a name', () => saga('a', options).step('', Act), /its name must match/],
    [
      'two steps of one name',
      () => untyped(saga('a', options).step('x', Act)).step('x', Act),
      /two steps are named "x"/,
    ],
    [
      'no time for a step',
      () => saga('a', options).step('x', Act, { timeoutMs: 0 }),
      /step "x": timeoutMs/,
    ],
    [
      'a time-out that would fire at once',
      () => saga('a', options).step('x', Act, { timeoutMs: 2 ** 31 }),
      /step "x": timeoutMs/,
    ],
    [
      'a wrong policy',
      () => saga('a', options).step('x', Act, { retry: fixed({ attempts: 0, delayMs: 1 }) }),
      /step "x": attempts/,
    ],
    [
      'an action between two branches',
      () => saga('a', options).tcc('b', Branch).step('x', Act).tcc('c', Branch),
      /branches must stand next to each other/,
    ],
    [
      'a handler that is not there yet',
      () => saga('a', options).step('x', undefined as unknown as typeof Act),
      /step "x": it has no handler class; is there a circular import/,
    ],
  ])('refuses %s', (_, declare, fault) => {
    expect(declare).toThrow(UsageError);
    expect(declare).toThrow(fault);
  });
});
