// Goal: whatever no database could store, or would read otherwise, is refused at the call, with the cure.
// Method: operations at the limits and past them.
import { UsageError } from '../errors';
import { DELAY_MS_MAX } from '../retry/backoff';
import type { AppendOptions, Operation } from './marker';
import { KEY_BYTES_MAX, TYPE_LENGTH_MAX } from './marker';
import { newMarker } from './new-marker';

const operation: Operation = { type: 'transfer', payload: { amount: '10.00' } };

describe('newMarker', () => {
  it('fills in what was left out', () => {
    expect(newMarker(operation)).toEqual({
      type: 'transfer',
      key: null,
      payload: '{"amount":"10.00"}',
      idempotencyKey: null,
      delayMs: 0,
      dueAt: null,
      priority: 0,
      deadlineMs: null,
      traceContext: null,
    });
  });

  it('takes all that was given', () => {
    const dueAt = new Date('2027-01-01T00:00:00Z');
    const marker = newMarker({ ...operation, key: 'é'.repeat(95) }, { idempotencyKey: 'i', dueAt });
    expect(marker).toMatchObject({ key: 'é'.repeat(95), idempotencyKey: 'i', dueAt });
    expect(newMarker(operation, { delayMs: 1.4 }).delayMs).toBe(1);
    expect(newMarker(operation, { priority: 'high', deadlineMs: 5_000.2 })).toMatchObject({
      priority: 1,
      deadlineMs: 5_000,
    });
    expect(newMarker(operation, {}, '00-ab-cd-01').traceContext).toBe('00-ab-cd-01');
    expect(newMarker(operation, {}, 'x'.repeat(513)).traceContext).toBeNull();
    expect(newMarker(operation, { delayMs: DELAY_MS_MAX }).delayMs).toBe(DELAY_MS_MAX);
  });

  it.each<[string, Partial<Operation>, AppendOptions, RegExp]>([
    ['an empty type', { type: '' }, {}, /type has 1 to 100/],
    ['a long type', { type: 'x'.repeat(TYPE_LENGTH_MAX + 1) }, {}, /type has 1 to 100/],
    ['a NUL in the type', { type: 'a\0' }, {}, /type holds a character/],
    ['an empty key', { key: '' }, {}, /key is empty/],
    ['a key of too many bytes', { key: 'é'.repeat(96) }, {}, /192 bytes, the limit is 190/],
    ['a NUL in the key', { key: 'a\0b' }, {}, /key holds a character/],
    ['half a surrogate pair in the key', { key: '\ud83d' }, {}, /key holds a character/],
    ['an empty idempotency key', {}, { idempotencyKey: '' }, /idempotency key is empty/],
    [
      'a long idempotency key',
      {},
      { idempotencyKey: 'x'.repeat(KEY_BYTES_MAX + 1) },
      /191 bytes, the limit is 190/,
    ],
    ['a negative delay', {}, { delayMs: -1 }, /delayMs must lie between 0 and/],
    ['no number for a delay', {}, { delayMs: NaN }, /delayMs must lie between 0 and/],
    ['an endless delay', {}, { delayMs: Infinity }, /delayMs must lie between 0 and/],
    ['no date', {}, { dueAt: new Date('soon') }, /dueAt must be a date/],
    ['a date that MariaDB cannot store', {}, { dueAt: new Date('2040-01-01') }, /dueAt must be/],
    [
      'no priority',
      {},
      { priority: 'urgent' as 'high' },
      /priority must be one of low, normal, high/,
    ],
    ['a deadline that has passed', {}, { deadlineMs: 0 }, /deadlineMs must lie between 1 and/],
    ['two due times', {}, { dueAt: new Date('2027-01-01'), delayMs: 0 }, /not both/],
    ['a payload that is no JSON', { payload: 5n }, {}, /payload of "transfer" holds a BigInt/],
  ])('refuses %s', (_, wrong, options, message) => {
    expect(() => newMarker({ ...operation, ...wrong }, options)).toThrow(UsageError);
    expect(() => newMarker({ ...operation, ...wrong }, options)).toThrow(message);
  });
});
