// Goal: whatever an operation waits for is named, in plain words and as a code, and never with nothing to say.
// Method: facts as the database would give them, one difference at a time; and a property over all of them.
import fc from 'fast-check';
import { explain, FINDING_CODES, type OperationFacts, type SagaFacts } from './explain';
import { SAGA_STATES } from './states';

const marker: OperationFacts = {
  ...{ id: '7', type: 'transfer', key: '576', markerStatus: 'pending', markerDueInMs: -5 },
  ...{ saga: null, reason: null, behind: null, pause: null },
  ...{
    relaysOfType: 1,
    workersOfType: 1,
    workersOfVersion: 1,
    knownVersions: [1],
    queue: 'answers',
  },
};
const ready: SagaFacts = {
  ...{ state: 'ready', version: 1, fence: 3, crashes: 0, isQueued: false, dueInMs: -1 },
  ...{ holder: null, lastFailure: null },
};
const failed = {
  ...({ step: 'credit', phase: 'confirm', attempt: 3, attemptMax: 8 } as const),
  ...{ code: 'TENON_HANDLER_FAILED', message: 'the bank does not answer' },
};
const saga = (over: Partial<SagaFacts>, facts: Partial<OperationFacts> = {}): OperationFacts => ({
  ...{ ...marker, markerStatus: 'taken', ...facts },
  saga: { ...ready, ...over },
});

describe('explain', () => {
  it.each<[string, OperationFacts, readonly string[], RegExp]>([
    ['due', marker, ['DUE'], /about to be taken in/],
    ['due later', { ...marker, markerDueInMs: 90_000 }, ['NOT_YET_DUE'], /in 90 s/],
    [
      'behind another of its key',
      { ...marker, markerStatus: 'parked', behind: { id: '5', type: 'transfer', state: 'paused' } },
      ['WAITING_BEHIND_KEY'],
      /"576" run one after another: it waits behind 5 \(transfer\), which is paused/,
    ],
    [
      'of a paused type',
      { ...marker, pause: { by: 'ann', reason: 'the bank asked for it' } },
      ['TYPE_PAUSED'],
      /paused by ann: the bank asked for it/,
    ],
    [
      'of a type that nobody knows',
      { ...marker, relaysOfType: 0, workersOfType: 0 },
      ['MISSING_HANDLER'],
      /No living process knows/,
    ],
    ['without a relay', { ...marker, relaysOfType: 0 }, ['NO_RELAY'], /relay role/],
    ['without a worker', { ...marker, workersOfType: 0 }, ['NO_WORKER'], /nobody adopts it/],
    ['while the queue is down', { ...marker, queue: 'is down' }, ['QUEUE_DOWN'], /does not answer/],
    [
      'dead',
      { ...marker, markerStatus: 'dead', reason: 'TENON_INVALID_INPUT: amount' },
      ['DEAD'],
      /amount/,
    ],
    ['discarded', { ...marker, markerStatus: 'done', reason: 'by hand' }, ['DISCARDED'], /by hand/],
    [
      'waiting for a retry',
      saga({ dueInMs: 4_000, lastFailure: failed }),
      ['NEXT_RETRY'],
      /attempt 3 of 8\).*does not answer.*in 4 s/,
    ],
    ['queued', saga({ isQueued: true, dueInMs: 20_000 }), ['QUEUED'], /again in 20 s/],
    ['due for anybody', saga({}), ['DUE'], /next free worker/],
    ['waiting', saga({ dueInMs: 600_000 }), ['NOT_YET_DUE'], /in 10 min/],
    [
      'held',
      saga({
        state: 'trying',
        dueInMs: null,
        holder: { sessionId: '9', worker: 'host:1', expiresInMs: 7_000 },
      }),
      ['HELD'],
      /trying, held by session 9 \(host:1\), which lapses in 7 s/,
    ],
    [
      'held by a session that has lapsed',
      saga({
        state: 'trying',
        dueInMs: null,
        holder: { sessionId: '9', worker: 'host:1', expiresInMs: -800 },
      }),
      ['HOLDER_LAPSED'],
      /lapsed 800 ms ago/,
    ],
    [
      'of a version that nobody knows',
      saga({ version: 3 }, { workersOfVersion: 0 }),
      ['DEFINITION_MISMATCH'],
      /version 3.*know version 1/,
    ],
    [
      'paused, its attempts spent',
      saga({ state: 'paused', dueInMs: null, lastFailure: failed }),
      ['ATTEMPTS_EXHAUSTED'],
      /confirm of "credit" failed for good.*does not answer/,
    ],
    [
      'paused by a crash loop',
      saga({ state: 'paused', dueInMs: null }, { reason: 'TENON_CRASH_LOOP: its worker died' }),
      ['CRASH_LOOP'],
      /its worker died/,
    ],
    [
      'paused by a history that does not fit',
      saga({ state: 'paused', dueInMs: null }, { reason: 'TENON_INVARIANT: transition 4' }),
      ['DEFINITION_MISMATCH'],
      /transition 4/,
    ],
    [
      'paused otherwise',
      saga({ state: 'paused', dueInMs: null }, { reason: 'TENON_INVALID_INPUT: x' }),
      ['PAUSED'],
      /x/,
    ],
    [
      'ended',
      saga({ state: 'compensated', dueInMs: null }, { reason: 'bank closed' }),
      ['ENDED'],
      /compensated: bank closed/,
    ],
  ])('an operation %s', (_, facts, codes, text) => {
    const findings = explain(facts);
    expect(findings.map(({ code }) => code)).toEqual(codes);
    expect(findings[0]?.text).toMatch(text);
  });

  it('has an answer for everything, with known codes, each at most once', () => {
    const count = fc.integer({ min: 0, max: 2 });
    const dueInMs = fc.integer({ min: -10_000, max: 10_000 });
    const sagas = fc.record({
      ...{ state: fc.constantFrom(...SAGA_STATES), version: count, fence: count, crashes: count },
      ...{ isQueued: fc.boolean(), dueInMs: fc.option(dueInMs) },
      holder: fc.option(
        fc.record({ sessionId: fc.string(), worker: fc.string(), expiresInMs: dueInMs }),
      ),
      lastFailure: fc.option(fc.constant(failed)),
    });
    const facts = fc.record({
      ...{ id: fc.constant('7'), type: fc.constant('t'), key: fc.option(fc.string()) },
      markerStatus: fc.constantFrom('pending', 'parked', 'taken', 'done', 'dead'),
      ...{ markerDueInMs: dueInMs, saga: fc.option(sagas), reason: fc.option(fc.string()) },
      behind: fc.option(fc.constant({ id: '5', type: 't', state: 'pending' as const })),
      pause: fc.option(fc.constant({ by: 'ann', reason: 'why' })),
      ...{ relaysOfType: count, workersOfType: count, workersOfVersion: count },
      ...{
        knownVersions: fc.array(count),
        queue: fc.constantFrom('answers', 'is down', 'unknown'),
      },
    });
    fc.assert(
      fc.property(facts as fc.Arbitrary<OperationFacts>, (given) => {
        const codes = explain(given).map(({ code }) => code);
        expect(codes.length).toBeGreaterThan(0);
        expect(FINDING_CODES).toEqual(expect.arrayContaining(codes));
        expect(new Set(codes).size).toBe(codes.length);
      }),
      { numRuns: 500 },
    );
  });
});
