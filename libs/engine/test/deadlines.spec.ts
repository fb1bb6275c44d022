// Goal: a saga that is not decided by its deadline is undone, whatever its handlers are doing then; one that is decided goes on.
// Method: handlers that sleep in the database, wait for a retry or for another service past the deadline, on real servers.
import { fixed, saga, type ExternalContext, type TransactionalContext } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { effect, handler, keyOfWork, work, writes, type Work } from './handlers';

const common = { version: 1, input: work, key: keyOfWork } as const;
const DEADLINE_MS = 1_000;
const CODE = 'TENON_DEADLINE_EXCEEDED';
/** Far beyond the deadline, and beyond what a test waits for. */
const ENDLESS_S = 100;

for (const server of DATABASES) {
  describeIf(server, `deadlines on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    const sleep = (seconds: number): string =>
      server === 'mariadb' ? `SELECT sleep(${seconds})` : `SELECT pg_sleep(${seconds})`;
    const start = (
      engine: Awaited<ReturnType<Bed['start']>>,
      definition: Parameters<Bed['append']>[1],
      deadlineMs = DEADLINE_MS,
      delayMs = 0,
    ): Promise<string> =>
      bed.dataSource.transaction(async (tx) => {
        const { id } = await engine.client.start(tx, definition, {}, { deadlineMs, delayMs });
        return id;
      });

    it('end a handler that sleeps in the database, and undo what was done', async () => {
      const reasons: unknown[] = [];
      const sleeper = handler({
        action: async (ctx: TransactionalContext<Work>) => {
          ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason));
          await effect(ctx, 'action');
          await ctx.tx.query(sleep(ENDLESS_S));
        },
        compensate: async (ctx: TransactionalContext<Work>) => effect(ctx, 'compensate'),
      });
      const slow = saga('slow', common).step('first', writes).step('sleeps', sleeper);
      const engine = await bed.start([slow]);
      const id = await start(engine, slow);
      const report = await bed.reaches(engine, id, 'compensated');
      expect(reasons).toMatchObject([{ code: CODE }]);
      expect(report.history.map(({ errorCode }) => errorCode)).toContain(CODE);
      expect(report.reason).toMatch(/deadline/);
      expect(await bed.effects()).toEqual(['action first', 'compensate first']);
      const busy =
        server === 'mariadb'
          ? `information_schema.processlist WHERE info LIKE 'SELECT sleep(${ENDLESS_S}%'`
          : `pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(${ENDLESS_S}%'`;
      expect(await bed.count(busy)).toBe(0);
    });

    it('that have passed before the saga is taken in let no handler be called', async () => {
      const late = saga('late', common).step('first', writes);
      const engine = await bed.start([late]);
      const report = await bed.reaches(engine, await start(engine, late, 1, 50), 'compensated');
      expect(report.history[0]).toMatchObject({ step: null });
      expect(report.history.map(({ errorCode }) => errorCode)).toContain(CODE);
      expect(await bed.effects()).toEqual([]);
    });

    it('do nothing once the confirms are decided, nor to a compensation', async () => {
      const long = sleep(DEADLINE_MS / 1_000 + 0.3);
      const decided = handler({
        try: async (ctx: TransactionalContext<Work>) => effect(ctx, 'try'),
        confirm: async (ctx: TransactionalContext<Work>) => {
          expect(ctx.remainingMs()).toBeGreaterThan(DEADLINE_MS);
          await ctx.tx.query(long);
          await effect(ctx, 'confirm');
        },
        cancel: async (ctx: TransactionalContext<Work>) => effect(ctx, 'cancel'),
      });
      const goes = saga('goes', common).tcc('branch', decided).step('behind', writes);
      const undoing = handler({
        action: async (ctx: TransactionalContext<Work>) => effect(ctx, 'action'),
        compensate: async (ctx: TransactionalContext<Work>) => {
          await ctx.tx.query(long);
          await effect(ctx, 'compensate');
        },
      });
      const refused = handler({ action: async () => Promise.reject(new Error('no')) });
      const back = saga('back', common)
        .step('undone', undoing)
        .step('fails', refused, { retry: fixed({ attempts: 1, delayMs: 0 }) });
      const engine = await bed.start([goes, back]);
      const [forward, backward] = [await start(engine, goes), await start(engine, back)];
      await bed.reaches(engine, forward, 'completed');
      await bed.reaches(engine, backward, 'compensated');
      expect(await bed.effects(forward)).toEqual(['try branch', 'confirm branch', 'action behind']);
      expect(await bed.effects(backward)).toEqual(['action undone', 'compensate undone']);
    });

    it('cut a wait for the next attempt short', async () => {
      const failing = handler({ action: async () => Promise.reject(new Error('not now')) });
      const patient = saga('patient', common).step('fails', failing, {
        retry: fixed({ attempts: 9, delayMs: 600_000 }),
      });
      const engine = await bed.start([patient]);
      const report = await bed.reaches(engine, await start(engine, patient), 'compensated');
      expect(report.history.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
        { attempt: 1, errorCode: 'TENON_HANDLER_FAILED' },
        { attempt: 2, errorCode: CODE },
      ]);
    });

    it('are handed on by an external handler, with what is left of them', async () => {
      const seen: { remainingMs: number; headers: Readonly<Record<string, string>> }[] = [];
      const asks = handler({
        action: async (ctx: ExternalContext<Work>) => {
          seen.push({ remainingMs: ctx.remainingMs(), headers: ctx.outgoingHeaders });
          if (ctx.step === 'waits') await new Promise(() => undefined);
        },
      });
      const calls = saga('calls', common)
        .step('short', asks, { mode: 'external', timeoutMs: 200 })
        .step('waits', asks, { mode: 'external', timeoutMs: 600_000 });
      const engine = await bed.start([calls]);
      const id = await start(engine, calls);
      const report = await bed.reaches(engine, id, 'compensated');
      expect(report.history.map(({ errorCode }) => errorCode)).toContain(CODE);
      const [short, waits] = seen;
      expect(short!.remainingMs).toBeLessThanOrEqual(200);
      expect(waits!.remainingMs).toBeLessThanOrEqual(DEADLINE_MS);
      expect(waits!.headers['idempotency-key']).toBe(`${id}/waits/action`);
      expect(Number(waits!.headers['tenon-remaining-ms'])).toBeLessThanOrEqual(DEADLINE_MS);
    });
  });
}
