import { UsageError } from '../errors';
import { exponential } from '../retry/backoff';
import type { ExternalContext, TransactionalContext } from './context';
import type { InputParser, SagaDefinition, Step, StepOptions } from './definition';
import type { ActionShape, HandlerClass, TccShape } from './handler';
import { definitionFaults } from './validate-definition';

/** How long a handler call may take unless its step says otherwise, in milliseconds. */
export const STEP_TIMEOUT_MS_DEFAULT = 30_000;

/** Options of {@link saga}. */
export interface SagaOptions<Input> {
  /** A whole number from 1. A saga that has begun goes on with the version it began with. */
  readonly version: number;
  /** Parses the payload; throws when it is not what the saga needs. A zod schema fits. */
  readonly input: InputParser<Input>;
  /** Operations with the same key run one after another, in commit order, across all saga types. Default: no order. */
  readonly key?: (input: Input) => string | null;
  /** What a paused saga does to its key: `block` (default) holds it, `skip` lets the next operation run. */
  readonly onPause?: 'block' | 'skip';
}

type NewName<Name extends string, Results> = Name extends keyof Results ? never : Name;
type Transactional = Omit<StepOptions, 'mode'> & { readonly mode?: 'transactional' };
type External = Omit<StepOptions, 'mode'> & { readonly mode: 'external' };

/** A saga that is being declared; each call adds a step and returns a new, longer saga. It can be run as it is. */
export interface Saga<Input, Results = object> extends SagaDefinition<Input> {
  /** Adds an action, undone by its handler's `compensate`. */
  step<Name extends string, Output>(
    name: NewName<Name, Results>,
    handler: HandlerClass<ActionShape<TransactionalContext<Input, Results>, Output>>,
    options?: Transactional,
  ): Saga<Input, Results & Readonly<Record<Name, Output>>>;
  step<Name extends string, Output>(
    name: NewName<Name, Results>,
    handler: HandlerClass<ActionShape<ExternalContext<Input, Results>, Output>>,
    options: External,
  ): Saga<Input, Results & Readonly<Record<Name, Output>>>;

  /** Adds a TCC branch. All branches of a saga are decided together, so they must stand next to each other. */
  tcc<Name extends string, Output>(
    name: NewName<Name, Results>,
    handler: HandlerClass<TccShape<TransactionalContext<Input, Results>, Output>>,
    options?: Transactional,
  ): Saga<Input, Results & Readonly<Record<Name, Output>>>;
  tcc<Name extends string, Output>(
    name: NewName<Name, Results>,
    handler: HandlerClass<TccShape<ExternalContext<Input, Results>, Output>>,
    options: External,
  ): Saga<Input, Results & Readonly<Record<Name, Output>>>;
}

/**
 * Declares a saga: a typed list of steps that a product owner can read.
 *
 * @example
 * export const transfer = saga('transfer', { version: 1, input: Transfer, key: (t) => t.accountId })
 *   .tcc('debit', DebitAccount, { timeoutMs: 2_000, retry: exponential({ attempts: 8 }) })
 *   .tcc('credit', CreditBank)
 *   .step('advise', SendAdvice);
 * @throws UsageError `TENON_INVALID_DEFINITION` as soon as a wrong name, version, step or policy is declared
 */
export function saga<Input>(type: string, options: SagaOptions<Input>): Saga<Input> {
  return build({
    type,
    version: options.version,
    input: options.input,
    keyOf: options.key ?? (() => null),
    onPause: options.onPause ?? 'block',
    steps: [],
  });
}

function build<Input, Results>(definition: SagaDefinition<Input>): Saga<Input, Results> {
  const faults = definitionFaults(definition);
  if (faults.length > 0) {
    throw new UsageError(
      'TENON_INVALID_DEFINITION',
      `The saga "${definition.type}" cannot be declared like this:\n- ${faults.join('\n- ')}`,
    );
  }
  const add = <Name extends string, Output>(
    kind: Step['kind'],
    name: Name,
    handler: HandlerClass,
    options: StepOptions = {},
  ): Saga<Input, Results & Readonly<Record<Name, Output>>> => {
    const step: Step = {
      name,
      kind,
      handler,
      mode: options.mode ?? 'transactional',
      timeoutMs: options.timeoutMs ?? STEP_TIMEOUT_MS_DEFAULT,
      retry: options.retry ?? exponential(),
    };
    return build({ ...definition, steps: [...definition.steps, step] });
  };
  return {
    ...definition,
    step: (name: string, handler: HandlerClass, options?: StepOptions) =>
      add('action', name, handler, options),
    tcc: (name: string, handler: HandlerClass, options?: StepOptions) =>
      add('tcc', name, handler, options),
  } as Saga<Input, Results>;
}
