// Goal: an order that was given to what an operator saw is not carried out on something else; a second click is no error.
// Method: details as the store answers them, with a history in which an operator has killed the saga.
import type { OperationDetails, Order } from '@tenon/core';
import { decideOrder } from './decide-order';

const row = (seq: number, over: object): object => ({
  ...{ seq, step: null, phase: null, attempt: 0, from: 'ready', to: 'trying', outcome: 'moved' },
  ...{ errorCode: null, reason: null, result: null, durationMs: 0, verb: null, ...over },
});
const details = {
  ...{ id: '7', holder: null, saga: { state: 'killed', dueInMs: null } },
  history: [row(1, {}), row(2, { from: 'trying', to: 'killed', verb: 'kill' })],
} as unknown as OperationDetails;
const order = (verb: Order['verb'], seq?: number) => ({
  ...{ verb, reason: 'because' },
  ...(seq === undefined ? {} : { seq }),
});

describe('an order', () => {
  it('to a saga that has moved on is refused, with where it is', () => {
    expect(decideOrder(details, null, order('retry', 1))).toEqual({
      kind: 'refused',
      because: 'it has moved on: its last transition is 2, not 1',
    });
  });

  it('that was carried out meanwhile changes nothing', () => {
    expect(decideOrder(details, null, order('kill', 1))).toMatchObject({ kind: 'unchanged' });
    expect(decideOrder(details, null, order('kill'))).toMatchObject({ kind: 'unchanged' });
  });

  it('to what nobody has seen yet is refused', () => {
    expect(decideOrder(details, null, order('kill', 99))).toMatchObject({ kind: 'refused' });
  });
});
