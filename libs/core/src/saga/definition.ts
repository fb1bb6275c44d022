import type { RetryPolicy } from '../retry/backoff';
import type { HandlerClass } from './handler';

/** How a payload becomes a typed input: anything with a `parse` that throws on bad input, a zod schema for instance. */
export interface InputParser<Input> {
  parse(payload: unknown): Input;
}

/**
 * - `transactional`: the handler gets `ctx.tx`, and what it writes there happens exactly once
 * - `external`: no transaction is opened; the effect is at least once, guarded by `ctx.idempotencyKey` on the other side
 */
export type StepMode = 'transactional' | 'external';

/** Options of a step. */
export interface StepOptions {
  /** Default `transactional`. */
  readonly mode?: StepMode;
  /** A call that takes longer counts as failed, its signal is aborted and its transaction rolled back. Milliseconds, default 30,000. */
  readonly timeoutMs?: number;
  /** Default `exponential()`: 8 attempts, 100 ms doubling up to 30 s, half of it jitter. */
  readonly retry?: RetryPolicy;
}

/** A step as declared, with every default filled in. */
export interface Step {
  readonly name: string;
  readonly kind: 'action' | 'tcc';
  readonly handler: HandlerClass;
  readonly mode: StepMode;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
}

/** A declared saga: what the engine runs. Made with `saga(…)`. */
export interface SagaDefinition<Input = unknown> {
  readonly type: string;
  readonly version: number;
  readonly input: InputParser<Input>;
  /** The business key whose operations run one after another, or null for no order. */
  keyOf(input: Input): string | null;
  /** What a paused saga does to its key. */
  readonly onPause: 'block' | 'skip';
  readonly steps: readonly Step[];
}
