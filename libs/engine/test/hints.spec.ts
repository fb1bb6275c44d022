// Goal: what is due now is announced, and what is due later wakes nobody for nothing.
// Method: a dispatcher that counts its wake-ups.
import { saga, type AppendOptions } from '@tenon/core';
import { inProcessDispatcher } from '@tenon/testing';
import { describeIf } from '../../../test/servers';
import { openBed, type Bed } from './bed';
import { make, work, writes } from './handlers';

const HOUR_MS = 3_600_000;
const plain = saga('plain', { version: 1, input: work }).step('one', writes);

describeIf('postgres18', 'an append', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed('postgres18');
  });
  afterEach(() => bed.clear());
  afterAll(() => bed.close());

  it.each<readonly [string, AppendOptions, number]>([
    ['now', {}, 1],
    ['since an hour', { dueAt: new Date(Date.now() - HOUR_MS) }, 1],
    ['in an hour, by its date', { dueAt: new Date(Date.now() + HOUR_MS) }, 0],
    ['in an hour, by its delay', { delayMs: HOUR_MS }, 0],
  ])('of what is due %s wakes as it should', async (_, options, expected) => {
    let wakes = 0;
    const dispatcher = { ...inProcessDispatcher(bed.queue), wake: () => void (wakes += 1) };
    const producer = bed.engine([], { roles: [], dispatcher });
    await producer.start(make);
    await bed.dataSource.transaction((tx) => producer.client.start(tx, plain, {}, options));
    expect(wakes).toBe(expected);
  });
});
