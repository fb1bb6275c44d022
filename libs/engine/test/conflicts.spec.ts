// Goal: what two transactions do to each other is no failure of a handler, and what another service does is.
// Method: handlers that deadlock on purpose, each of which may fail once at the most; a handler that calls a closed port.
import { noRetry, saga, type TransactionalContext } from '@tenon/core';
import { connect as connectTo, createServer, type AddressInfo } from 'node:net';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { attempts, effect, handler, work, type Work } from './handlers';

for (const server of DATABASES) {
  describeIf(server, `conflicts on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
      await bed.dataSource.query('CREATE TABLE place (name varchar(10) PRIMARY KEY, visits int)');
      await bed.dataSource.query(`INSERT INTO place VALUES ('a', 0), ('b', 0)`);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    it('of handlers that deadlock are met by running them again, which costs no attempt', async () => {
      let arrived = 0;
      let meet = (): void => undefined;
      const met = new Promise<void>((resolve) => {
        meet = resolve;
      });
      let calls = 0;
      const visits = handler({
        action: async (ctx: TransactionalContext<Work>): Promise<void> => {
          calls += 1;
          const [first, second] = ctx.input.name === 'forth' ? ['a', 'b'] : ['b', 'a'];
          const visit = (name: string | undefined) =>
            ctx.tx.query(`UPDATE place SET visits = visits + 1 WHERE name = '${name ?? ''}'`);
          await visit(first);
          arrived += 1;
          if (arrived === 2) meet();
          await met;
          await visit(second);
          await effect(ctx, 'action');
        },
      });
      const tour = saga('tour', { version: 1, input: work }).step('visit', visits, {
        retry: noRetry,
      });
      const engine = await bed.start([tour]);
      const forth = await bed.append(engine, tour, { name: 'forth' });
      const back = await bed.append(engine, tour, { name: 'back' });
      for (const id of [forth, back]) {
        const { history } = await bed.reaches(engine, id, 'completed');
        expect(history.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      }
      expect(calls).toBeGreaterThan(2);
      expect(await bed.rows('SELECT name, visits FROM place ORDER BY name')).toEqual([
        { name: 'a', visits: 2 },
        { name: 'b', visits: 2 },
      ]);
      expect(await bed.effects()).toHaveLength(2);
    });

    it('are not the unreachable service that a handler calls: that has failed, and counts', async () => {
      const port = await closedPort();
      const calls = handler({
        action: (ctx: TransactionalContext<Work>): Promise<void> =>
          effect(ctx, 'action').then(
            () =>
              new Promise((resolve, reject) => {
                connectTo(port, '127.0.0.1', () => resolve()).once('error', reject);
              }),
          ),
      });
      const remote = saga('remote', { version: 1, input: work }).step('call', calls, {
        retry: attempts(2),
      });
      const engine = await bed.start([remote]);
      const report = await bed.reaches(engine, await bed.append(engine, remote), 'compensated');
      const failures = report.history.filter(({ outcome }) => outcome === 'failed');
      expect(failures.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(failures[0]?.reason).toContain('ECONNREFUSED');
      expect(await bed.effects()).toEqual([]);
    });

    it('that the data itself makes have failed: a constraint is no conflict', async () => {
      const breaks = handler({
        action: async (ctx: TransactionalContext<Work>): Promise<void> => {
          await ctx.tx.query(`INSERT INTO place VALUES ('a', 0)`);
        },
      });
      const broken = saga('broken', { version: 1, input: work }).step('insert', breaks, {
        retry: attempts(2),
      });
      const engine = await bed.start([broken]);
      const report = await bed.reaches(engine, await bed.append(engine, broken), 'compensated');
      expect(report.history.filter(({ outcome }) => outcome === 'failed')).toHaveLength(2);
    });
  });
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
