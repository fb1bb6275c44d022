// Goal: whoever stops an engine is not kept waiting by what its start waits for, and nothing is begun behind the stop.
// Method: parts that do not answer until they are told to, below an engine that is stopped meanwhile.
import { inProcessDispatcher } from '@tenon/testing';
import { describeIf } from '../../../test/servers';
import { openBed, type Bed, type BedEngineOptions } from './bed';
import { paying } from './child/child-sagas';
import { storeOn } from './connect';
import { eventually } from './eventually';
import { make } from './handlers';

const GRACE_MS = 5_000;

/** A promise, and what settles it. */
function held(): {
  readonly promise: Promise<void>;
  readonly settle: () => void;
  isAskedFor: boolean;
} {
  let settle: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return { promise, settle, isAskedFor: false };
}

describeIf('postgres18', 'an engine that is stopped while it starts', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed('postgres18');
  });
  afterEach(() => bed.clear());
  afterAll(() => bed.close());

  const stopsAtOnce = async (
    options: BedEngineOptions,
    answer: ReturnType<typeof held>,
    told: string,
  ): Promise<void> => {
    const engine = bed.engine([paying], { shutdownGraceMs: GRACE_MS, ...options });
    const started = engine.start(make).catch((failure: unknown) => String(failure));
    await eventually('the start waits', () => answer.isAskedFor);
    const stoppingMs = performance.now();
    await engine.stop();
    expect(performance.now() - stoppingMs).toBeLessThan(GRACE_MS);
    expect(await started).toContain(told);
    answer.settle();
    expect(await bed.count('worker_session WHERE ended_at IS NULL')).toBe(0);
  };

  it('does not wait for a queue that never opens', async () => {
    const answer = held();
    const dispatcher = inProcessDispatcher(bed.queue);
    const open = async (): Promise<void> => {
      answer.isAskedFor = true;
      await answer.promise;
    };
    const told = 'stopped before the queue answered';
    await stopsAtOnce({ dispatcher: { ...dispatcher, open } }, answer, told);
  });

  it('does not wait for a database that never opens its session', async () => {
    const answer = held();
    const store = storeOn(bed.dataSource);
    store.openSession = async () => {
      answer.isAskedFor = true;
      await answer.promise;
      throw new Error('too late');
    };
    await stopsAtOnce({ store }, answer, 'stopped before the database answered');
  });

  it('does not wait for a database that never opens', async () => {
    const answer = held();
    const store = storeOn(bed.dataSource);
    store.migrate = () => {
      answer.isAskedFor = true;
      return answer.promise;
    };
    await stopsAtOnce({ store }, answer, 'stopped before the database answered');
  });

  it('ends within its grace although the queue neither opens nor closes', async () => {
    const answer = held();
    const dispatcher = inProcessDispatcher(bed.queue);
    const open = async (): Promise<void> => {
      answer.isAskedFor = true;
      await answer.promise;
    };
    const close = (): Promise<void> => answer.promise;
    const engine = bed.engine([paying], {
      ...{ shutdownGraceMs: 1_000, dispatcher: { ...dispatcher, open, close } },
    });
    const started = engine.start(make).catch((failure: unknown) => String(failure));
    await eventually('the start waits', () => answer.isAskedFor);
    await engine.stop();
    expect(await started).toContain('stopped before the queue answered');
    expect(await bed.count('worker_session WHERE ended_at IS NULL')).toBe(0);
    answer.settle();
  });
});
