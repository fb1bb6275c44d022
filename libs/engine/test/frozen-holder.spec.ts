// Goal: a process that stands still in the middle of a step (frozen, or gone without a word from its host) costs its
// saga time and no attempt, and nobody else anything.
// Method: a connection that has done what such a process did up to its COMMIT, and an engine that takes the saga over.
import { saga, type TransactionalContext } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { eventually } from './eventually';
import { attempts, handler, effect, keyOfWork, work, writes, type Work } from './handlers';

describe.each(DATABASES)('%s', (server) => {
  describeIf(server, 'a saga whose last holder stands still in a step', () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    const calls: number[] = [];
    const slow = handler({
      action: async (ctx: TransactionalContext<Work>): Promise<void> => {
        calls.push(ctx.attempt);
        await effect(ctx, 'action');
      },
    });
    const options = { version: 1, input: work, key: keyOfWork } as const;
    const held = saga('held', options).step('a', slow, { timeoutMs: 200, retry: attempts(2) });
    const free = saga('free', options).step('a', writes);

    it('goes on when that one has ended, with no attempt spent, and others go on meanwhile', async () => {
      const producer = bed.engine([], { roles: [] });
      await producer.start(() => undefined);
      const id = await bed.append(producer, held);
      const frozen = bed.dataSource.createQueryRunner();
      await frozen.startTransaction('READ COMMITTED');
      await frozen.query(
        `INSERT INTO saga_fence (saga_id, step, phase, fence) VALUES (${id}, 'a', 'action', 0)`,
      );
      await frozen.query(
        `INSERT INTO saga_transition (saga_id, seq, step, phase, attempt, from_state, to_state, outcome, duration_ms, fence)
         VALUES (${id}, 1, NULL, NULL, 0, 'ready', 'running', 'moved', 0, 0)`,
      );

      const engine = await bed.start([held, free]);
      try {
        await eventually('the engine gives up waiting', async () =>
          bed.log.some((line) => line.includes(`Saga ${id}`) && line.includes('put aside')),
        );
        const other = await bed.append(engine, free);
        await bed.reaches(engine, other, 'completed', 3_000);
        expect((await engine.client.find(id))?.history).toEqual([]);
      } finally {
        await frozen.rollbackTransaction();
        await frozen.release();
      }
      await bed.reaches(engine, id, 'completed', 15_000);
      expect(calls).toEqual([1]);
      expect(await bed.effects(id)).toEqual(['action a']);
    });
  });
});
