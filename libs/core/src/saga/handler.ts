import type { ExternalContext, TransactionalContext, WithOutput } from './context';
import type { Refusal } from './outcome';

/**
 * A step that is done, and undone if a later one fails. `action` may refuse; `compensate` may only succeed or fail.
 *
 * @typeParam Needs the results of earlier steps that it reads, for instance `{ debit: Reservation }`
 */
export interface ActionHandler<Input, Output = void, Needs = object> {
  action(ctx: TransactionalContext<Input, Needs>): Promise<Output | Refusal>;
  /** Undoes the action. `ctx.output` is undefined when it is not known what the action did. Absent: nothing to undo. */
  compensate?(
    ctx: WithOutput<TransactionalContext<Input, Needs>, Output | undefined>,
  ): Promise<void>;
}

/** An {@link ActionHandler} for effects outside the database. It may be called again after a crash: pass on `ctx.idempotencyKey`. */
export interface ExternalActionHandler<Input, Output = void, Needs = object> {
  action(ctx: ExternalContext<Input, Needs>): Promise<Output | Refusal>;
  compensate?(ctx: WithOutput<ExternalContext<Input, Needs>, Output | undefined>): Promise<void>;
}

/**
 * A TCC branch. `try` reserves or refuses; later exactly one of `confirm` (books what was reserved) and `cancel`
 * (releases it) runs, for all branches of a saga the same one. Both may only succeed or fail, and must be able to succeed.
 */
export interface TccHandler<Input, Output = void, Needs = object> {
  try(ctx: TransactionalContext<Input, Needs>): Promise<Output | Refusal>;
  confirm(ctx: WithOutput<TransactionalContext<Input, Needs>, Output>): Promise<void>;
  cancel(ctx: WithOutput<TransactionalContext<Input, Needs>, Output | undefined>): Promise<void>;
}

/** A {@link TccHandler} whose effects lie outside the database. */
export interface ExternalTccHandler<Input, Output = void, Needs = object> {
  try(ctx: ExternalContext<Input, Needs>): Promise<Output | Refusal>;
  confirm(ctx: WithOutput<ExternalContext<Input, Needs>, Output>): Promise<void>;
  cancel(ctx: WithOutput<ExternalContext<Input, Needs>, Output | undefined>): Promise<void>;
}

/** A class whose instances are `T`: how a step names its handler, and what dependency injection finds it by. */
export type HandlerClass<T = object> = abstract new (...args: never[]) => T;

// The shapes below are what the saga builder checks handlers against. They are written as properties, not methods,
// because TypeScript compares the parameters of methods loosely: a handler that needs a result which no earlier step
// gives would compile.
export interface ActionShape<Context, Output> {
  readonly action: (ctx: Context) => Promise<Output | Refusal>;
  readonly compensate?: (ctx: WithOutput<Context, Output | undefined>) => Promise<void>;
}
export interface TccShape<Context, Output> {
  readonly try: (ctx: Context) => Promise<Output | Refusal>;
  readonly confirm: (ctx: WithOutput<Context, Output>) => Promise<void>;
  readonly cancel: (ctx: WithOutput<Context, Output | undefined>) => Promise<void>;
}
