// Goal: whatever handlers answer, a saga ends in a way that leaves nothing half done, or stops where a person looks.
// Method: fast-check makes sagas of all shapes and outcomes in any order, and a world that knows what was really done:
// a transactional call that failed left nothing, an external one may have. Paused sagas are resumed a few times, and some
// have a deadline that passes on the way.
import fc from 'fast-check';
import { fixed } from '../retry/backoff';
import { canTurnBack, decide, expire, type Decision } from './decide';
import type { SagaDefinition, Step } from './definition';
import { nextMove, type Call } from './next-move';
import type { Outcome } from './outcome';
import { NOT_BEGUN, advance, replay, type Progress } from './progress';
import { STATE_OF_PHASE, isFinalState, isLegalSagaMove } from './states';
import type { Transition } from './transition';

const RESUMES_MAX = 2;

/** What a call does when it is its turn; `lost` is an external call that was carried out, and whose answer was lost. */
type Fate = 'succeeds' | 'refuses' | 'fails' | 'fails for good' | 'lost';

interface Story {
  readonly definition: SagaDefinition;
  readonly deadline: number;
  readonly calls: readonly Call[];
  readonly decisions: readonly Decision[];
  readonly history: readonly Transition[];
  readonly progress: Progress;
  /** Steps whose effect stands, in the order in which it was made. */
  readonly effects: readonly string[];
  /** The effects that stood when the saga turned back. */
  readonly effectsAtTurn: readonly string[];
  /** Steps that were undone although they might have been done, in the order in which they were. */
  readonly undone: readonly string[];
}

const stepShapes = (kind: Step['kind']): fc.Arbitrary<readonly Omit<Step, 'name'>[]> =>
  fc.array(
    fc.record({
      kind: fc.constant(kind),
      mode: fc.constantFrom('transactional' as const, 'external' as const),
      handler: fc.constant(Object),
      timeoutMs: fc.constant(1),
      retry: fc.integer({ min: 1, max: 3 }).map((attempts) => fixed({ attempts, delayMs: 5 })),
    }),
    { maxLength: 3 },
  );

const definitions: fc.Arbitrary<SagaDefinition> = fc
  .tuple(stepShapes('action'), stepShapes('tcc'), stepShapes('action'))
  .map((parts) => parts.flat())
  .filter((steps) => steps.length > 0)
  .map((steps) => ({
    type: 's',
    version: 1,
    input: { parse: (payload: unknown) => payload },
    keyOf: () => null,
    onPause: 'block',
    steps: steps.map((step, index) => ({ ...step, name: `s${index}` })),
  }));

const fates = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fate>('succeeds') },
    { weight: 2, arbitrary: fc.constantFrom<Fate>('fails', 'lost') },
    { weight: 1, arbitrary: fc.constantFrom<Fate>('refuses', 'fails for good') },
  ),
  { maxLength: 40 },
);

/** The number of calls after which the deadline has passed. */
const deadlines = fc.option(fc.integer({ min: 0, max: 8 }), { nil: Infinity });

const stories = fc
  .tuple(definitions, fates, deadlines)
  .map(([definition, given, deadline]) => tell(definition, given, deadline));

describe('every saga', () => {
  const holds = (name: string, promise: (story: Story) => void): void => {
    it(name, () => {
      fc.assert(fc.property(stories, promise), { numRuns: 500 });
    });
  };

  holds('ends completed or compensated, or is paused', ({ progress }) => {
    expect(['completed', 'compensated', 'paused']).toContain(progress.state);
  });

  holds(
    'leaves a chain without a gap, of legal moves, each where the last one ended',
    ({ history }) => {
      history.forEach(({ seq, from, to }, index) => {
        expect(seq).toBe(index + 1);
        expect(from).toBe(index === 0 ? 'ready' : history[index - 1]!.to);
        expect(isLegalSagaMove(from, to)).toBe(true);
      });
    },
  );

  holds(
    'can be replayed to where it is, from any of its rows',
    ({ definition, history, progress }) => {
      expect(replay(definition, history)).toEqual(progress);
      const middle = Math.floor(history.length / 2);
      const first = replay(definition, history.slice(0, middle));
      expect(replay(definition, history.slice(middle), first)).toEqual(progress);
    },
  );

  holds(
    'refuses a row that comes twice, too late or too early',
    ({ definition, history, progress }) => {
      for (const row of history) {
        expect(() => advance(definition, progress, row)).toThrow('follows number');
      }
      expect(() => replay(definition, history.slice(1))).toThrow('follows number');
    },
  );

  holds(
    'has every effect and every confirm when it completed',
    ({ definition, progress, effects, calls }) => {
      if (progress.state !== 'completed') return;
      expect([...effects].sort()).toEqual(definition.steps.map(({ name }) => name).sort());
      const branches = definition.steps
        .filter(({ kind }) => kind === 'tcc')
        .map(({ name }) => name);
      expect(
        new Set(calls.filter(({ phase }) => phase === 'confirm').map(({ step }) => step.name)),
      ).toEqual(new Set(branches));
    },
  );

  holds('has no effect left when it is compensated', ({ progress, effects }) => {
    if (progress.state === 'compensated') expect(effects).toEqual([]);
  });

  holds(
    'undoes what was done, and only that or what may have been, strictly in reverse',
    (story) => {
      if (story.progress.state !== 'compensated') return;
      const order = story.definition.steps.map(({ name }) => name);
      const places = story.undone.map((name) => order.indexOf(name));
      expect(places).toEqual([...new Set(places)].sort((a, b) => b - a));
      expect(story.undone).toEqual(expect.arrayContaining([...story.effectsAtTurn]));
      const failed = story.history.filter(
        ({ phase, outcome }) => (phase === 'try' || phase === 'action') && outcome === 'failed',
      );
      const suspects = new Set([...story.effectsAtTurn, ...failed.map(({ step }) => step)]);
      expect(story.undone.filter((name) => !suspects.has(name))).toEqual([]);
    },
  );

  holds(
    'never confirms and cancels, nor confirms after a try that refused',
    ({ calls, history }) => {
      const phases = new Set(calls.map(({ phase }) => phase));
      expect(phases.has('confirm') && phases.has('cancel')).toBe(false);
      const isRefused = history.some(
        ({ phase, outcome }) => phase === 'try' && outcome === 'refused',
      );
      expect(isRefused && phases.has('confirm')).toBe(false);
      expect(phases.has('confirm') && phases.has('compensate')).toBe(false);
    },
  );

  holds(
    'calls nothing forward once it has turned back, and no try once it is decided',
    ({ calls }) => {
      const phases = calls.map(({ phase }) => phase);
      const turn = phases.findIndex((phase) => phase === 'cancel' || phase === 'compensate');
      if (turn >= 0) {
        expect(
          phases.slice(turn).every((phase) => phase === 'cancel' || phase === 'compensate'),
        ).toBe(true);
      }
      const decision = phases.indexOf('confirm');
      if (decision >= 0) expect(phases.slice(decision)).not.toContain('try');
    },
  );

  holds(
    'never passes attemptMax, and counts the calls of each step and phase from 1',
    ({ calls, history }) => {
      for (const { attempt, step } of calls) {
        expect(attempt).toBeGreaterThanOrEqual(1);
        expect(attempt).toBeLessThanOrEqual(step.retry.attemptMax);
      }
      const rows = history.filter(({ outcome }) => outcome !== 'moved');
      expect(rows.map(({ step, phase, attempt }) => [step, phase, attempt])).toEqual(
        calls.map(({ step, phase, attempt }) => [step.name, phase, attempt]),
      );
    },
  );

  holds('says what happens next as its state does', ({ definition, decisions }) => {
    for (const { then, progress } of decisions) {
      const move = nextMove(definition, progress);
      switch (then.kind) {
        case 'go on':
          expect(move.kind === 'call' && STATE_OF_PHASE[move.phase]).toBe(progress.state);
          break;
        case 'wait':
          expect([progress.state, move.kind]).toEqual(['ready', 'call']);
          break;
        case 'ended':
          expect(isFinalState(progress.state)).toBe(true);
          expect(then.reason === null).toBe(progress.state === 'completed');
          break;
        case 'paused':
          expect(progress.state).toBe('paused');
          break;
      }
    }
  });

  holds(
    'makes no further call forward behind its deadline unless it is decided, and no wait reaches beyond it',
    ({ deadline, calls, decisions, progress }) => {
      decisions.forEach(({ then, progress: after }, index) => {
        if (then.kind === 'wait' && canTurnBack(after, calls[index]!)) {
          expect(index + 1).toBeLessThan(deadline);
          expect(then.delayMs).toBeLessThanOrEqual(3);
        }
      });
      const late = calls.slice(deadline + 1);
      const isForward = late.some(({ phase }) => phase === 'try' || phase === 'action');
      if (isForward) expect(progress.isDecided).toBe(true);
    },
  );

  holds('writes no row in vain: each carries a call or another state', ({ history }) => {
    expect(history.filter(({ outcome, from, to }) => outcome === 'moved' && from === to)).toEqual(
      [],
    );
  });
});

/** Runs a saga to its end; when the fates have run out, every call succeeds. */
function tell(definition: SagaDefinition, given: readonly Fate[], deadline: number): Story {
  const rest = [...given];
  const world = new World();
  const [calls, decisions, history]: [Call[], Decision[], Transition[]] = [[], [], []];
  let [progress, resumes] = [NOT_BEGUN, 0];
  const called = (move: Call): Decision => {
    const { outcome, isEmpty } = world.meet(move, rest.shift() ?? 'succeeds');
    const deadlineInMs = calls.length >= deadline ? 0 : 3;
    const facts = { durationMs: 1, random: 0.3, isEmpty, deadlineInMs };
    return decide(definition, progress, move, outcome, facts);
  };
  while (true) {
    const move = nextMove(definition, progress);
    if (move.kind === 'end') throw new Error('decide left an end for nextMove');
    if (move.kind === 'stopped') {
      if (progress.state !== 'paused' || ++resumes > RESUMES_MAX) break;
      const row = resumed(progress);
      history.push(row);
      progress = advance(definition, progress, row);
      continue;
    }
    calls.push(move);
    const decision =
      calls.length > deadline && canTurnBack(progress, move)
        ? expire(definition, progress, move)
        : called(move);
    decisions.push(decision);
    history.push(...decision.transitions);
    progress = decision.progress;
    world.noteTurn(progress);
  }
  return { definition, deadline, calls, decisions, history, progress, ...world.report() };
}

/** What really happens behind the calls. */
class World {
  private effects: readonly string[] = [];
  private effectsAtTurn: readonly string[] | null = null;
  private readonly undone: string[] = [];

  meet(
    { step, phase }: Call,
    fate: Fate,
  ): { readonly outcome: Outcome; readonly isEmpty: boolean } {
    const isUndoing = phase === 'cancel' || phase === 'compensate';
    // The fence of a transactional step tells that there is nothing to undo, and no handler is called.
    const isEmpty = isUndoing && step.mode === 'transactional' && !this.effects.includes(step.name);
    const isDone = isEmpty || fate === 'succeeds' || (fate === 'lost' && step.mode === 'external');
    if (isDone && isUndoing) this.effects = this.effects.filter((name) => name !== step.name);
    if (isDone && (phase === 'try' || phase === 'action')) {
      this.effects = [...this.effects.filter((name) => name !== step.name), step.name];
    }
    if (isUndoing && (isEmpty || fate === 'succeeds')) this.undone.push(step.name);
    return { outcome: isEmpty ? succeeded : outcomeOf(fate), isEmpty };
  }

  noteTurn(progress: Progress): void {
    if (progress.direction === 'backward') this.effectsAtTurn ??= this.effects;
  }

  report(): Pick<Story, 'effects' | 'effectsAtTurn' | 'undone'> {
    return { effects: this.effects, effectsAtTurn: this.effectsAtTurn ?? [], undone: this.undone };
  }
}

const succeeded: Outcome = { kind: 'succeeded', result: { any: 'thing' } };

function outcomeOf(fate: Fate): Outcome {
  if (fate === 'succeeds') return succeeded;
  if (fate === 'refuses') return { kind: 'refused', reason: 'no' };
  const isFinal = fate === 'fails for good';
  return {
    kind: 'failed',
    code: 'TENON_HANDLER_FAILED',
    message: 'broken',
    isFinal,
    retryAfterMs: null,
  };
}

/** A person lets a paused saga go on. */
function resumed({ seq }: Progress): Transition {
  const row = { seq: seq + 1, from: 'paused', to: 'ready', outcome: 'moved' } as const;
  const none = {
    step: null,
    phase: null,
    attempt: 0,
    errorCode: null,
    reason: null,
    result: null,
    durationMs: 0,
  };
  return { ...row, ...none };
}
