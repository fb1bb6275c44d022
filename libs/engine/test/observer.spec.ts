// Goal: an observer is told of every committed row, call and end of its process, once, and cannot disturb the engine.
import { refuse, saga } from '@tenon/core';
import type { EngineObserver } from '@tenon/engine';

import { describeIf, testDatabase, type TestDatabase } from '../../../test/servers';
import { makeBed, type Bed } from './bed';
import { handler, keyOfWork, reserves, work } from './handlers';

describeIf('postgres18', 'an observer of the engine', () => {
  let database: TestDatabase;
  let bed: Bed;
  beforeAll(async () => {
    database = await testDatabase('postgres18');
    bed = await makeBed(database.url);
  });
  afterEach(() => bed.clear());
  afterAll(async () => {
    await bed.close();
    await database.drop();
  });

  const refuses = handler({
    try: async () => refuse('no'),
    confirm: async () => undefined,
    cancel: async () => undefined,
  });
  const common = { version: 1, input: work, key: keyOfWork } as const;
  const good = saga('good', common).tcc('a', reserves);
  const bad = saga('bad', common).tcc('a', reserves).tcc('b', refuses);

  it('is told of calls, rows and ends, and may throw', async () => {
    const told: string[] = [];
    const observer: EngineObserver = {
      transitionsRecorded: ({ type }, rows) => told.push(...rows.map(() => `${type} row`)),
      sagaEnded: ({ type }, state) => told.push(`${type} ${state}`),
      stepCalled: ({ saga: { type }, step, phase, outcome, durationMs }) => {
        told.push(`${type} ${step}.${phase} ${outcome}`);
        expect(durationMs).toBeGreaterThanOrEqual(0);
        throw new Error('an observer that is broken');
      },
    };
    const engine = await bed.start([good, bad], { observer });
    await bed.dataSource.transaction(async (tx) => {
      await engine.client.start(tx, good, { key: '1' });
      await engine.client.start(tx, bad, { key: '2' });
    });
    await bed.isDone();
    const rows = await bed.count('saga_transition');
    expect(told.filter((each) => each.endsWith(' row'))).toHaveLength(rows);
    expect(told.filter((each) => !each.endsWith(' row')).sort()).toEqual([
      'bad a.cancel succeeded',
      'bad a.try succeeded',
      'bad b.try refused',
      'bad compensated',
      'good a.confirm succeeded',
      'good a.try succeeded',
      'good completed',
    ]);
  });
});
