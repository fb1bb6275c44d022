// Goal: a connection that breaks under a handler, between two of its statements, is trouble of its transaction and no
// failure of the handler, whatever the handler makes of it.
// Method: the server ends the connection while the handler does something else; each handler may fail once at the most.
import { noRetry, refuse, saga, type Refusal, type TransactionalContext } from '@tenon/core';
import { once, type EventEmitter } from 'node:events';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { effect, handler, work, type Work } from './handlers';

const SQL = {
  postgres18: {
    number: 'SELECT pg_backend_pid() AS id',
    end: (id: string) => `SELECT pg_terminate_backend(${id})`,
  },
  mariadb: {
    number: 'SELECT connection_id() AS id',
    end: (id: string) => `KILL CONNECTION ${id}`,
  },
};

describe.each(DATABASES)('%s', (server) => {
  describeIf(server, 'a connection that breaks between two statements of a handler', () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    async function loseConnection({ tx }: TransactionalContext<Work>): Promise<void> {
      const connection = (await tx.queryRunner?.connect()) as EventEmitter;
      const [row] = await tx.query<{ readonly id: string }[]>(SQL[server].number);
      const broken = once(connection, 'error', { signal: AbortSignal.timeout(10_000) });
      await bed.rows(SQL[server].end(String(row?.id)));
      await broken;
    }

    it.each([
      [
        'lets the error pass',
        (error: unknown): never => {
          throw error;
        },
      ],
      [
        'throws one of its own',
        (): never => {
          throw new Error('The order could not be saved.');
        },
      ],
      ['swallows the error', () => undefined],
      ['answers no', (): Refusal => refuse('the order could not be saved')],
    ] as const)('costs one that %s no attempt', async (_, onError) => {
      const attempts: number[] = [];
      const loses = handler({
        action: async (ctx: TransactionalContext<Work>): Promise<Refusal | undefined> => {
          attempts.push(ctx.attempt);
          await effect(ctx, 'first');
          if (attempts.length === 1) await loseConnection(ctx);
          return effect(ctx, 'second').then(() => undefined, onError);
        },
      });
      const losing = saga('losing', { version: 1, input: work }).step('lose', loses, {
        retry: noRetry,
      });
      const engine = await bed.start([losing]);
      const id = await bed.append(engine, losing);
      const { history } = await bed.reaches(engine, id, 'completed');
      expect(attempts).toEqual([1, 1]);
      expect(history.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      expect(await bed.effects(id)).toEqual(['first lose', 'second lose']);
    });
  });
});
