// Goal: a host that freezes, or loses its power, in the middle of a handler's transaction keeps what that has locked for
// little longer than the handler might have taken, although nobody takes its sagas over.
// Method: a process that is stopped while its handler has locked a row; a saga of another type, in an engine that knows no
// other, that needs the same row.
import { fixed, saga, type TransactionalContext } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { locking } from './child/child-sagas';
import { startChild, type Child } from './child/start-child';
import { handler, work, type Work } from './handlers';

for (const server of DATABASES) {
  describeIf(server, `a frozen host on ${server}`, () => {
    let bed: Bed;
    let child: Child | undefined;
    beforeAll(async () => {
      bed = await openBed(server);
      await bed.rows('CREATE TABLE shared (id int PRIMARY KEY, changes int NOT NULL)');
      await bed.rows('INSERT INTO shared VALUES (1, 0)');
    });
    afterEach(async () => {
      child?.send('SIGCONT');
      await child?.kill();
      await bed.clear();
    });
    afterAll(() => bed.close());

    const needs = handler({
      action: async (ctx: TransactionalContext<Work>): Promise<void> => {
        await ctx.tx.query('UPDATE shared SET changes = changes + 10 WHERE id = 1');
      },
    });
    const needing = saga('needing', { version: 1, input: work }).step('need', needs, {
      ...{ timeoutMs: 1_000, retry: fixed({ attempts: 100, delayMs: 100 }) },
    });

    it('gives back the rows that its handlers had locked', async () => {
      child = await startChild({ url: bed.url, worker: 'frozen', options: { pollMsMax: 100 } });
      const producer = bed.engine([], { roles: [] });
      await bed.append(producer, locking);
      await child.tells('locks');
      child.send('SIGSTOP');
      const frozenMs = performance.now();
      const engine = await bed.start([needing], { pollMsMax: 100 });
      const id = await bed.append(engine, needing);
      await bed.reaches(engine, id, 'completed', 20_000);
      const tookMs = Math.round(performance.now() - frozenMs);
      process.stdout.write(
        `${server}: a row that a frozen host had locked was free after ${tookMs} ms\n`,
      );
      expect(await bed.rows('SELECT changes FROM shared')).toEqual([{ changes: 10 }]);
    });
  });
}
