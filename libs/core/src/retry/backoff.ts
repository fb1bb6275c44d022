/** No wait is longer than ten years: that would be a mistake in a unit, and MariaDB's timestamps end in 2038. */
export const DELAY_MS_MAX = 3_650 * 86_400_000;

/** How often a handler is tried, and how long Tenon waits in between. Build one with {@link exponential} or {@link fixed}. */
export interface RetryPolicy {
  /** Calls in all, the first one included. A crash of the worker is not an attempt. */
  readonly attemptMax: number;
  /** Wait before the second attempt, in milliseconds. */
  readonly delayMsMin: number;
  /** No wait is longer than this, in milliseconds. */
  readonly delayMsMax: number;
  /** Each wait is the one before times this. 1 keeps it constant. */
  readonly factor: number;
  /** 0..1: the share of each wait that is left to chance, so that many sagas that failed together do not return together. */
  readonly jitter: number;
}

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** Calls in all. Default 8. */
  readonly attempts?: number;
  /** First wait in milliseconds. Default 100. */
  readonly baseMs?: number;
  /** Longest wait in milliseconds. Default 30,000. */
  readonly capMs?: number;
  /** Default 2. */
  readonly factor?: number;
  /** Default 0.5. */
  readonly jitter?: number;
}

/** Waits that grow: `baseMs`, `baseMs * factor`, … up to `capMs`, each shortened by chance by up to `jitter` of itself. */
export function exponential(options: ExponentialOptions = {}): RetryPolicy {
  return {
    attemptMax: options.attempts ?? 8,
    delayMsMin: options.baseMs ?? 100,
    delayMsMax: options.capMs ?? 30_000,
    factor: options.factor ?? 2,
    jitter: options.jitter ?? 0.5,
  };
}

/** The same wait before every attempt, without chance. */
export function fixed(options: {
  readonly attempts: number;
  readonly delayMs: number;
}): RetryPolicy {
  const { attempts, delayMs } = options;
  return { attemptMax: attempts, delayMsMin: delayMs, delayMsMax: delayMs, factor: 1, jitter: 0 };
}

/** One call and no second. */
export const noRetry: RetryPolicy = fixed({ attempts: 1, delayMs: 0 });

/** The wait in milliseconds after the failure number `failures` (from 1). `random` is in 0..1. */
export function backoffMs(policy: RetryPolicy, failures: number, random: number): number {
  const growth = Math.min(policy.factor ** (failures - 1), Number.MAX_SAFE_INTEGER);
  const full = Math.min(policy.delayMsMax, policy.delayMsMin * growth);
  return Math.round(full * (1 - policy.jitter * random));
}

/** What is wrong with `policy`, in words; an empty list when nothing is. */
export function retryFaults(policy: RetryPolicy): readonly string[] {
  const faults: string[] = [];
  if (!Number.isInteger(policy.attemptMax) || policy.attemptMax < 1)
    faults.push('attempts must be a whole number from 1');
  if (!(policy.delayMsMin >= 0)) faults.push('the first wait must be 0 ms or more');
  if (!(policy.delayMsMax >= policy.delayMsMin))
    faults.push('the longest wait must not be below the first');
  if (policy.delayMsMax > DELAY_MS_MAX)
    faults.push(`the longest wait must not be above ${DELAY_MS_MAX} ms`);
  if (!(policy.factor >= 1)) faults.push('the factor must be 1 or more');
  if (!(policy.jitter >= 0 && policy.jitter <= 1)) faults.push('jitter must lie in 0..1');
  return faults;
}
