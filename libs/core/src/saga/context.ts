import type { Tx } from '../ports/tx';

/** What every handler is told about the call it serves. */
export interface ExternalContext<Input = unknown, Results = object> {
  readonly saga: {
    readonly id: string;
    readonly type: string;
    readonly version: number;
    readonly key: string | null;
  };
  readonly step: string;
  /** The operation's payload, parsed by the saga's `input`. */
  readonly input: Input;
  /** What the steps before this one returned, by step name. */
  readonly results: Results;
  /** Number of this call of this step and phase, from 1. Crashes do not count. */
  readonly attempt: number;
  /**
   * Aborted when the call's budget is spent, when the session lapses, or at shutdown. Hand it to whatever you wait for. The
   * budget is the step's time-out, or what is left until the saga's deadline where that is less and the saga can still turn
   * back.
   */
  readonly signal: AbortSignal;
  /** What is left of the call's budget, in milliseconds. Pass it on to whatever takes a time-out. */
  remainingMs(): number;
  /**
   * The idempotency key, and the budget that is left at this moment, for a service that is called over HTTP.
   *
   * @example
   * await fetch(url, { method: 'POST', signal: ctx.signal, headers: ctx.outgoingHeaders });
   */
  readonly outgoingHeaders: Readonly<Record<string, string>>;
  /** The same for every call of this saga, step and phase: pass it to services that de-duplicate. */
  readonly idempotencyKey: string;
  /** The saga's fencing number: it only grows. A service may refuse a number below one that it has seen. */
  readonly fence: number;
  /** The name of the worker that makes this call. */
  readonly worker: string;
}

/** The context of a transactional step: what is written through `tx` happens exactly once. */
export interface TransactionalContext<Input = unknown, Results = object> extends ExternalContext<
  Input,
  Results
> {
  /**
   * The transaction of this call, with Tenon's fence row already in it. It commits together with the record of the
   * step when the handler returns, and is rolled back when the handler refuses or throws. Do not commit it yourself.
   */
  readonly tx: Tx;
}

/** Confirm, cancel and compensate are also told what their own try or action returned. */
export type WithOutput<Context, Output> = Context & { readonly output: Output };
