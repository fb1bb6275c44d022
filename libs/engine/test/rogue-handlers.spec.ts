// Goal: whatever a handler throws, answers or does not answer, it costs its own saga an attempt and nobody anything.
// Method: handlers that do the worst, beside good ones that must get on, on real servers.
import { exponential, saga, type ExternalContext, type TransactionalContext } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { eventually } from './eventually';
import { attempts, effect, handler, keyOfWork, work, writes, type Work } from './handlers';

const common = { version: 1, input: work, key: keyOfWork } as const;
const good = saga('good', common).step('write', writes);

const circular: { self?: unknown } = {};
circular.self = circular;
const hostile = {
  get name(): string {
    throw new Error('no name');
  },
  message: 'x',
};
const nul = 'before\0after';

/** What is thrown, and what the history says of it. */
const THROWN: readonly (readonly [string, unknown, string])[] = [
  ['undefined', undefined, 'the handler threw undefined'],
  ['null', null, 'the handler threw null'],
  ['a string', 'out of paper', 'the handler threw out of paper'],
  ['a circular object', circular, 'the handler threw a value that cannot be shown'],
  ['an object that throws itself', hostile, 'the handler threw a value that cannot be shown'],
  ['a BigInt', 1n, 'the handler threw a value that cannot be shown'],
  ['an error with a NUL character', new Error(nul), 'Error: before\u2400after'],
  ['an error with half a surrogate pair', new Error('\ud800!'), 'Error: \ufffd!'],
  ['an error without end', new Error('x'.repeat(1_000_000)), `Error: ${'x'.repeat(1_993)}`],
];

/** What is answered, and the code under which it counts as a failure. */
const ANSWERED: readonly (readonly [string, unknown, string])[] = [
  ['a BigInt', { amount: 1n }, 'TENON_INVALID_RESULT'],
  ['a function', { next: () => 1 }, 'TENON_INVALID_RESULT'],
  ['a circular object', circular, 'TENON_INVALID_RESULT'],
  ['a NUL character', { text: nul }, 'TENON_INVALID_RESULT'],
  ['a megabyte', 'x'.repeat(1_048_576), 'TENON_PAYLOAD_TOO_LARGE'],
];

for (const server of DATABASES) {
  describeIf(server, `rogue handlers on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    it.each(THROWN)('that throw %s have failed, which is told in the history', async (...row) => {
      const [, thrown, told] = row;
      const rogue = saga('rogue', common)
        .step('throws', handler({ action: async () => Promise.reject(thrown as Error) }), {
          retry: attempts(2),
        })
        .step('never', writes);
      const engine = await bed.start([rogue]);
      const report = await bed.reaches(engine, await bed.append(engine, rogue), 'compensated');
      const failures = report.history.filter(({ outcome }) => outcome === 'failed');
      expect(failures.map(({ reason }) => reason)).toEqual([told, told]);
      expect(failures[0]?.errorCode).toBe('TENON_HANDLER_FAILED');
      expect(await bed.effects()).toEqual([]);
    });

    it('that throw before they return a promise have failed as well', async () => {
      const hasty = handler({
        action: (): Promise<void> => {
          throw new Error('at once');
        },
      });
      const rogue = saga('rogue', common).step('throws', hasty, { retry: attempts(1) });
      const engine = await bed.start([rogue]);
      const report = await bed.reaches(engine, await bed.append(engine, rogue), 'compensated');
      expect(report.reason).toBe('Error: at once');
    });

    it.each(ANSWERED)(
      'that answer %s have failed for good, and what they wrote is rolled back',
      async (...row) => {
        const [, answer, code] = row;
        const odd = handler({
          action: async (ctx: TransactionalContext<Work>) => {
            await effect(ctx, 'action');
            return answer as string;
          },
        });
        const rogue = saga('rogue', common).step('answers', odd, { retry: attempts(5) });
        const engine = await bed.start([rogue]);
        const report = await bed.reaches(engine, await bed.append(engine, rogue), 'compensated');
        const failures = report.history.filter(({ outcome }) => outcome === 'failed');
        expect(failures.map(({ errorCode }) => errorCode)).toEqual([code]);
        expect(report.reason).toContain('The result of action of answers');
        expect(await bed.effects()).toEqual([]);
      },
    );

    it('that never resolve are given up after their time-out: their signal aborts, their slot is free, and they write no more', async () => {
      const heard: unknown[] = [];
      let wroteLate: Promise<string> | undefined;
      const endless = handler({
        action: async (ctx: TransactionalContext<Work>): Promise<void> => {
          await effect(ctx, 'action');
          if (ctx.attempt > 1) return;
          await new Promise<void>((_resolve, reject) => {
            ctx.signal.addEventListener('abort', () => {
              heard.push(ctx.signal.reason);
              // What it does now must reach nobody.
              wroteLate = bed
                .reaches(engine, id, 'completed')
                .then(() => effect(ctx, 'late'))
                .then(
                  () => 'written',
                  () => 'refused',
                );
              wroteLate.then(() => reject(new Error('late')), reject);
            });
          });
        },
      });
      const rogue = saga('rogue', common).step('endless', endless, {
        timeoutMs: 200,
        retry: attempts(2),
      });
      const engine = await bed.start([rogue, good], { transactionalCallMax: 1, pollMsMax: 100 });
      const id = await bed.append(engine, rogue);
      const other = await bed.append(engine, good);
      const report = await bed.reaches(engine, id, 'completed', 10_000);
      await bed.reaches(engine, other, 'completed', 10_000);
      expect(heard).toEqual([expect.objectContaining({ code: 'TENON_STEP_TIMEOUT' })]);
      const failure = report.history.find(({ outcome }) => outcome === 'failed');
      expect(failure).toMatchObject({ errorCode: 'TENON_STEP_TIMEOUT', attempt: 1 });
      expect(failure?.reason).toContain('did not end within 200 ms');
      expect(await eventually('the late write is answered', () => wroteLate)).toBe('refused');
      expect(await bed.effects(id)).toEqual(['action endless']);
    });

    it('that never resolve outside a transaction free their slot, and their late answer changes nothing', async () => {
      const lateAnswers: (() => void)[] = [];
      const endless = handler({
        action: async (ctx: ExternalContext<Work>): Promise<string> =>
          ctx.attempt > 1
            ? 'in time'
            : new Promise((resolve) => lateAnswers.push(() => resolve('too late'))),
      });
      const rogue = saga('rogue', common)
        .step('endless', endless, { mode: 'external', timeoutMs: 200, retry: attempts(2) })
        .step('write', writes);
      const engine = await bed.start([rogue, good], { externalCallMax: 1 });
      const id = await bed.append(engine, rogue);
      await eventually('the first call waits', () => lateAnswers.length === 1);
      const report = await bed.reaches(engine, id, 'completed', 10_000);
      lateAnswers.forEach((answer) => answer());
      expect(report.history.find(({ outcome }) => outcome === 'succeeded')?.result).toBe('in time');
      expect(await bed.effects(id)).toEqual(['action write']);
    });

    it('that end their transaction themselves have failed, and the engine lives on', async () => {
      const meddling = handler({
        action: async (ctx: TransactionalContext<Work>): Promise<void> => {
          await ctx.tx.queryRunner?.rollbackTransaction();
        },
      });
      const rogue = saga('rogue', common).step('meddles', meddling, { retry: attempts(1) });
      const engine = await bed.start([rogue, good]);
      const report = await bed.reaches(engine, await bed.append(engine, rogue), 'compensated');
      expect(report.reason).toContain('without committing or rolling it back');
      await bed.reaches(engine, await bed.append(engine, good), 'completed');
    });

    it('by the dozen hold nobody else up', async () => {
      const failing = handler({
        action: async (): Promise<void> => {
          throw new Error('as ever');
        },
      });
      const retry = exponential({ attempts: 8, baseMs: 20, capMs: 200 });
      const rogue = saga('rogue', common).step('fails', failing, { retry });
      const engine = await bed.start([rogue, good]);
      for (let count = 0; count < 20; count += 1) {
        await bed.append(engine, rogue);
        await bed.append(engine, good, { key: `${count}` });
      }
      await bed.isDone();
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(20);
      expect(await bed.count(`saga WHERE state = 'compensated'`)).toBe(20);
      expect(await bed.effects()).toHaveLength(20);
    });
  });
}
