// Goal: every verb of an operator leads where it says, from every state that a saga can be in, or says why not; a second
// click changes nothing.
// Method: sagas of three branches and actions are brought by outcomes to where an operator meets them; a property gives
// any verb at any point of any story, and lets the saga go on to its end.
import fc from 'fast-check';
import { fixed } from '../retry/backoff';
import { decide } from './decide';
import type { SagaDefinition, Step } from './definition';
import { nextMove } from './next-move';
import { killUnknown, operate, type Operated, type Order } from './operate';
import { VERBS, type Verb } from './verbs';
import type { Outcome } from './outcome';
import { NOT_BEGUN, advance, replay, type Progress } from './progress';
import { isFinalState, isLegalSagaMove } from './states';
import type { RecordedTransition, Transition } from './transition';

type Fate = 'ok' | 'no' | 'fail';

const step = (name: string, kind: Step['kind']): Step => ({
  ...{ name, kind, mode: 'external', handler: Object, timeoutMs: 1 },
  retry: fixed({ attempts: 2, delayMs: 10 }),
});
const definition: SagaDefinition = {
  ...{ type: 's', version: 1, input: { parse: (payload: unknown) => payload } },
  ...{ keyOf: () => null, onPause: 'block' },
  steps: [step('before', 'action'), step('A', 'tcc'), step('B', 'tcc'), step('behind', 'action')],
};

/** A saga under way: its calls meet the fates one by one. */
class Story {
  readonly history: RecordedTransition[] = [];
  readonly calls: string[] = [];
  progress: Progress = NOT_BEGUN;

  constructor(...fates: readonly Fate[]) {
    this.meet(...fates);
  }

  meet(...fates: readonly Fate[]): this {
    for (const fate of fates) {
      const move = nextMove(definition, this.progress);
      if (move.kind !== 'call') break;
      this.calls.push(`${move.phase} ${move.step.name}`);
      const decision = decide(definition, this.progress, move, outcomeOf(fate), {
        durationMs: 1,
        random: 0.5,
      });
      decision.transitions.forEach((row) => this.append(row));
    }
    return this;
  }

  order(verb: Verb, over: Partial<Order> = {}): Operated {
    const { history, progress } = this;
    const isWaiting = progress.state === 'ready' && history.length > 0;
    const operated = operate(
      { definition, progress, history: [...history], isWaiting },
      { verb, reason: 'because', ...over },
    );
    if (operated.kind === 'row') this.append(operated.row);
    return operated;
  }

  toTheEnd(): this {
    return this.meet(...Array.from({ length: 40 }, () => 'ok' as const));
  }

  private append(row: Transition): void {
    this.progress = advance(definition, this.progress, row);
    this.history.push({ ...row, fence: 1, sessionId: null, at: new Date(0) });
  }
}

function outcomeOf(fate: Fate): Outcome {
  if (fate === 'ok') return { kind: 'succeeded', result: null };
  if (fate === 'no') return { kind: 'refused', reason: 'no' };
  return {
    ...{ kind: 'failed', code: 'TENON_HANDLER_FAILED', message: 'broken' },
    ...{ isFinal: false, retryAfterMs: null },
  };
}

/** The confirm of A has spent its attempts. */
const pausedConfirm = (): Story => new Story('ok', 'ok', 'ok', 'fail', 'fail');
/** B has refused, and the cancel of A has spent its attempts. */
const pausedCancel = (): Story => new Story('ok', 'ok', 'no', 'fail', 'fail');

describe('an operator', () => {
  it.each(['retry', 'resume'] as const)('%s: gives a paused call its attempts back', (verb) => {
    const story = pausedConfirm();
    expect(story.progress.state).toBe('paused');
    expect(story.order(verb)).toMatchObject({ kind: 'row', exit: { kind: 'due' } });
    expect(story.progress.state).toBe('confirming');
    expect(story.meet('fail').progress.state).toBe('ready');
    expect(story.toTheEnd().progress.state).toBe('completed');
  });

  it('retry: makes a saga that waits for its next attempt go on, and counts on', () => {
    const story = new Story('fail');
    expect(story.order('retry')).toMatchObject({ row: { from: 'ready', to: 'running' } });
    expect(story.meet('fail').progress.direction).toBe('backward');
  });

  it('skip: goes on as if the confirm were not needed', () => {
    const story = pausedConfirm();
    expect(story.order('skip')).toMatchObject({
      row: { step: 'A', phase: 'confirm', outcome: 'skipped', to: 'confirming', verb: 'skip' },
    });
    expect(story.toTheEnd().calls.slice(-2)).toEqual(['confirm B', 'action behind']);
    expect(story.progress.state).toBe('completed');
  });

  it('mark-done: an action has the result that was given', () => {
    const story = new Story('ok', 'ok', 'ok', 'ok', 'ok', 'fail', 'fail');
    expect(story.order('mark-done', { result: { receipt: 7 } })).toMatchObject({
      row: { step: 'behind', outcome: 'succeeded', to: 'completed' },
      exit: { kind: 'ends', reason: null },
    });
    expect(story.progress.steps.behind?.output).toEqual({ receipt: 7 });
  });

  it('mark-done: the last thing to be undone ends the saga with the reason for which it turned back', () => {
    const story = pausedCancel();
    story.order('mark-done');
    expect(story.meet('fail', 'fail').progress.state).toBe('paused');
    expect(story.order('mark-done')).toMatchObject({
      row: { step: 'before', phase: 'compensate', to: 'compensated', reason: 'because' },
      exit: { kind: 'ends', reason: 'no' },
    });
  });

  it('cancel: undoes what was done and what may be under way, in reverse', () => {
    const story = new Story('ok', 'ok');
    expect(story.order('cancel')).toMatchObject({
      row: { step: 'B', phase: 'try', errorCode: 'TENON_CANCELLED', to: 'cancelling' },
    });
    story.toTheEnd();
    expect(story.calls.slice(-3)).toEqual(['cancel B', 'cancel A', 'compensate before']);
    expect(story.progress).toMatchObject({ state: 'compensated', turnedBackBy: 'because' });
  });

  it('cancel: is refused behind the decision to confirm, and on the way back when that is paused', () => {
    expect(new Story('ok', 'ok', 'ok').order('cancel')).toMatchObject({ kind: 'refused' });
    expect(pausedCancel().order('cancel')).toMatchObject({ kind: 'refused' });
    expect(new Story('ok', 'ok', 'no').order('cancel')).toMatchObject({ kind: 'unchanged' });
  });

  it('skips no try: the decision of all branches rests on it', () => {
    const story = new Story('ok');
    expect(story.order('skip')).toMatchObject({ kind: 'refused' });
    expect(new Story().order('skip')).toMatchObject({
      kind: 'refused',
      because: 'it is not paused: it is ready.',
    });
  });

  it.each(VERBS)('%s: a second click changes nothing', (verb) => {
    const story = verb === 'cancel' ? new Story('ok') : pausedConfirm();
    expect(story.order(verb)).toMatchObject({ kind: 'row' });
    expect(story.order(verb)).toMatchObject({ kind: 'unchanged' });
  });

  it.each(VERBS)('%s: is refused on a saga that has ended, with what to do', (verb) => {
    const story = new Story().toTheEnd();
    expect(story.order(verb)).toMatchObject({
      because: expect.stringContaining('has ended') as unknown,
    });
  });

  it('can only kill what it has no definition for, and says so; a second click changes nothing', () => {
    const kill = { verb: 'kill', reason: 'because' } as const;
    expect(killUnknown({ state: 'trying', seq: 3 }, [], kill)).toMatchObject({
      row: { seq: 4, from: 'trying', to: 'killed', verb: 'kill' },
      exit: { kind: 'ends', reason: 'because' },
    });
    expect(killUnknown({ state: 'trying', seq: 3 }, [], { ...kill, verb: 'retry' })).toMatchObject({
      because: expect.stringContaining('or kill the saga') as unknown,
    });
    const story = pausedConfirm();
    story.order('kill');
    const { progress, history } = story;
    expect(killUnknown(progress, history, kill)).toMatchObject({ kind: 'unchanged' });
    expect(killUnknown(progress, history, { ...kill, verb: 'retry' })).toMatchObject({
      kind: 'refused',
    });
  });

  it('finds legal moves only, and every saga ends, whatever is ordered when', () => {
    const fates = fc.array(fc.constantFrom<Fate>('ok', 'ok', 'ok', 'no', 'fail'), { maxLength: 8 });
    const orders = fc.array(fc.tuple(fc.constantFrom(...VERBS), fates), { maxLength: 6 });
    fc.assert(
      fc.property(fates, orders, (given, ordered) => {
        const story = new Story(...given);
        for (const [verb, then] of ordered) {
          story.order(verb);
          story.meet(...then);
        }
        if (story.toTheEnd().progress.state === 'paused') story.order('retry');
        story.toTheEnd();
        expect(isFinalState(story.progress.state)).toBe(true);
        expect(replay(definition, story.history)).toEqual(story.progress);
        expect(story.history.every(({ from, to }) => isLegalSagaMove(from, to))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
