// Goal: what fails is tried again as its step says, and what cannot be done is undone, or stops where a person sees it.
// Method: handlers that fail or refuse on purpose, on real servers; the history and the effects tell what happened.
import {
  exponential,
  FinalError,
  fixed,
  refuse,
  RetryAfterError,
  saga,
  type SagaReport,
  type TransactionalContext,
} from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import {
  attempts,
  effect,
  handler,
  keyOfWork,
  reserves,
  work,
  writes,
  type Work,
} from './handlers';

const common = { version: 1, input: work, key: keyOfWork } as const;
const fail = async (): Promise<void> => {
  throw new Error('the printer is on fire');
};
/** Calls with their outcomes: what was done and tried, in order. */
const calls = ({ history }: SagaReport): readonly string[] =>
  history.flatMap(({ phase, step, outcome }) =>
    phase === null ? [] : [`${phase} ${step ?? ''} ${outcome}`],
  );

for (const server of DATABASES) {
  describeIf(server, `failures on ${server}`, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    it('are tried again after waits that grow up to a cap, each attempt with its number', async () => {
      const calledAt: number[] = [];
      const numbers: number[] = [];
      const retry = exponential({ attempts: 6, baseMs: 20, factor: 5, capMs: 120, jitter: 0 });
      const flaky = handler({
        action: async (ctx: TransactionalContext<Work>) => {
          calledAt.push(performance.now());
          numbers.push(ctx.attempt);
          await effect(ctx, `attempt ${ctx.attempt} of`);
          if (ctx.attempt < 5) throw new Error('not yet');
        },
      });
      const slow = saga('slow', common).step('flaky', flaky, { retry });
      const engine = await bed.start([slow]);
      const report = await bed.reaches(engine, await bed.append(engine, slow), 'completed');
      expect(numbers).toEqual([1, 2, 3, 4, 5]);
      // What failed was rolled back.
      expect(await bed.effects()).toEqual(['attempt 5 of flaky']);
      const waits = calledAt.slice(1).map((at, index) => at - (calledAt[index] ?? 0));
      // The fourth would be 2,500 ms without the cap.
      [20, 100, 120, 120].forEach((waitMs, index) =>
        expect(waits[index]).toBeGreaterThanOrEqual(waitMs - 1),
      );
      expect(waits[3]).toBeLessThan(2_000);
      expect(calls(report).slice(-2)).toEqual(['action flaky failed', 'action flaky succeeded']);
    });

    it('that tell when to come back are obeyed, and final ones are not tried again', async () => {
      const calledAt: number[] = [];
      const told = handler({
        action: async (): Promise<void> => {
          calledAt.push(performance.now());
          if (calledAt.length === 1) throw new RetryAfterError(150, 'come back later');
          throw new FinalError('never');
        },
      });
      const obedient = saga('obedient', common).step('told', told, { retry: attempts(8) });
      const engine = await bed.start([obedient]);
      const id = await bed.append(engine, obedient);
      const report = await bed.reaches(engine, id, 'compensated');
      expect(calledAt).toHaveLength(2);
      expect((calledAt[1] ?? 0) - (calledAt[0] ?? 0)).toBeGreaterThanOrEqual(149);
      expect(report.reason).toContain('never');
    });

    it('of an action undo it as well: it may have been done', async () => {
      const external = handler({
        action: fail,
        compensate: async () => void undone.push('outside'),
      });
      const undone: string[] = [];
      const trip = saga('trip', common)
        .step('first', writes)
        .step('outside', external, { mode: 'external', retry: attempts(2) })
        .step('never', writes);
      const engine = await bed.start([trip]);
      const report = await bed.reaches(engine, await bed.append(engine, trip), 'compensated');
      expect(calls(report)).toEqual([
        'action first succeeded',
        ...['action outside failed', 'action outside failed'],
        ...['compensate outside succeeded', 'compensate first succeeded'],
      ]);
      expect(undone).toEqual(['outside']);
      expect(await bed.effects()).toEqual(['action first', 'compensate first']);
      expect(report.reason).toContain('the printer is on fire');
    });

    it('of a try cancel all that were tried, in reverse, without calling the cancel of one that was rolled back', async () => {
      const branch = handler({ try: fail, confirm: fail, cancel: fail });
      const pay = saga('pay', common)
        .tcc('debit', reserves)
        .tcc('credit', branch, { retry: attempts(2) })
        .tcc('advise', reserves);
      const engine = await bed.start([pay]);
      const report = await bed.reaches(engine, await bed.append(engine, pay), 'compensated');
      expect(calls(report)).toEqual([
        ...['try debit succeeded', 'try credit failed', 'try credit failed'],
        ...['cancel credit empty', 'cancel debit succeeded'],
      ]);
      expect(await bed.effects()).toEqual(['try debit', 'cancel debit']);
    });

    it('of a confirm stop the saga where a person sees it, and its key with it', async () => {
      const unbookable = handler({ ...idleBranch(), confirm: fail });
      const book = saga('book', common).tcc('debit', unbookable, { retry: attempts(2) });
      const engine = await bed.start([book]);
      const id = await bed.append(engine, book, { key: '576' });
      const report = await bed.reaches(engine, id, 'paused');
      expect(calls(report)).toEqual([
        ...['try debit succeeded', 'confirm debit failed', 'confirm debit failed'],
      ]);
      expect(report.reason).toBe('confirm of debit: Error: the printer is on fire');
      expect(report.markerStatus).toBe('taken');
      await bed.append(engine, book, { key: '576' });
      await bed.append(engine, book, { key: '576' });
      const other = await bed.append(engine, book, { key: '577' });
      await bed.reaches(engine, other, 'paused');
      expect(await engine.client.blockedKeys()).toEqual([
        { key: '576', headId: id, headType: 'book', headState: 'paused', waiting: 2 },
      ]);
      expect(await bed.count(`saga`)).toBe(2);
    });

    it('of a cancel and of a compensation stop the saga as well', async () => {
      const uncancellable = handler({ ...idleBranch(), cancel: fail });
      const closed = handler({ ...idleBranch(), try: async () => refuse('bank closed') });
      const stuck = saga('stuck', common)
        .tcc('debit', uncancellable, { retry: attempts(1) })
        .tcc('credit', closed);
      const irreversible = handler({ action: async () => undefined, compensate: fail });
      const jam = saga('jam', common)
        .step('done', irreversible, { retry: attempts(1) })
        .step('refused', handler({ action: async () => refuse('no') }));
      const engine = await bed.start([stuck, jam]);
      const [first, second] = [await bed.append(engine, stuck), await bed.append(engine, jam)];
      expect((await bed.reaches(engine, first, 'paused')).reason).toMatch(/^cancel of debit: /);
      expect((await bed.reaches(engine, second, 'paused')).reason).toMatch(/^compensate of done: /);
    });

    it('of a saga that lets its key go when it pauses leave the next one to run', async () => {
      const irreversible = handler({ action: async () => undefined, compensate: fail });
      const polite = saga('polite', { ...common, onPause: 'skip' })
        .step('done', irreversible, { retry: attempts(1) })
        .step('refused', handler({ action: async () => refuse('no') }));
      const engine = await bed.start([polite]);
      const id = await bed.append(engine, polite, { key: '1' });
      const next = await bed.append(engine, polite, { key: '1' });
      expect((await bed.reaches(engine, id, 'paused')).markerStatus).toBe('done');
      await bed.reaches(engine, next, 'paused');
      expect(await engine.client.blockedKeys()).toEqual([]);
    });

    it('behind the decision go only forward: a refusal there stops the saga', async () => {
      const late = handler({ action: async () => refuse('too late to say no') });
      const decided = saga('decided', common).tcc('debit', reserves).step('advise', late);
      const engine = await bed.start([decided]);
      const report = await bed.reaches(engine, await bed.append(engine, decided), 'paused');
      expect(report.reason).toBe(
        'action of advise: action may not refuse here: too late to say no',
      );
      expect(await bed.effects()).toEqual(['try debit', 'confirm debit']);
    });

    it('are not failures when the business says no: one call, nothing is tried again', async () => {
      const closed = handler({ ...idleBranch(), try: async () => refuse('bank closed') });
      const pay = saga('pay', common).tcc('debit', reserves).tcc('credit', closed);
      const engine = await bed.start([pay]);
      const report = await bed.reaches(engine, await bed.append(engine, pay), 'compensated');
      expect(calls(report)).toEqual([
        ...['try debit succeeded', 'try credit refused', 'cancel debit succeeded'],
      ]);
      expect(report.reason).toBe('bank closed');
    });

    it('with no wait in between are met as often as the step says, at once', async () => {
      const retry = fixed({ attempts: 50, delayMs: 0 });
      let calledTimes = 0;
      const eager = handler({
        action: async (): Promise<void> => {
          calledTimes += 1;
          if (calledTimes < 50) throw new Error('again');
        },
      });
      const hasty = saga('hasty', common).step('eager', eager, { retry });
      const engine = await bed.start([hasty], { pollMsMax: 30_000 });
      await bed.reaches(engine, await bed.append(engine, hasty), 'completed');
      expect(calledTimes).toBe(50);
    });
  });
}

/** The three phases of a branch that has nothing to do. */
function idleBranch(): Record<'try' | 'confirm' | 'cancel', () => Promise<void>> {
  const nothing = async (): Promise<void> => undefined;
  return { try: nothing, confirm: nothing, cancel: nothing };
}
