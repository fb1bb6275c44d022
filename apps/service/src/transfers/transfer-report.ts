import type { EngineCounters } from '@tenon/engine';
import type { Outcome, Pace } from './census';
import { cents, money } from './money';

/** What was found in the database, and what it took. */
export interface Round {
  readonly outcome: Outcome;
  readonly pace: Pace;
  readonly counters: EngineCounters;
  /** Transfers that the counters are about. */
  readonly endedNow: number;
}

/** The table of payment orders, for programs. The names and their order are a promise. */
export interface TransferReport {
  readonly orders: number;
  readonly completed: number;
  /** Other reasons are named only where they occur. */
  readonly compensated: Readonly<Record<string, number>> & {
    readonly insufficient_funds: number;
    readonly bank_closed: number;
  };
  readonly paused: number;
  readonly balances_total: string;
  readonly booked_total: string;
  readonly seconds: number;
  readonly sagas_per_second: number;
  readonly latency_ms: { readonly p50: number; readonly p99: number };
  readonly queue_jobs: number;
  readonly commits_per_saga: number;
}

export function transferReport({ outcome, pace, counters, endedNow }: Round): TransferReport {
  const commits = counters.handlerCommits + counters.bookkeepingCommits;
  return {
    orders: outcome.orders,
    completed: outcome.completed,
    compensated: byName(outcome.compensated),
    paused: outcome.paused,
    balances_total: money(cents(outcome.balancesTotal)),
    booked_total: money(cents(outcome.bookedTotal)),
    seconds: rounded(pace.seconds, 3),
    sagas_per_second: rounded(pace.seconds === 0 ? 0 : endedNow / pace.seconds, 1),
    latency_ms: { p50: rounded(pace.latencyMs.p50, 1), p99: rounded(pace.latencyMs.p99, 1) },
    queue_jobs: counters.queueJobs,
    commits_per_saga: rounded(endedNow === 0 ? 0 : commits / endedNow, 3),
  };
}

/** Reasons as names: `bank closed` is `bank_closed`. A reason may be a whole error message, of which the beginning does. */
function byName(reasons: ReadonlyMap<string, number>): TransferReport['compensated'] {
  const counts = { insufficient_funds: 0, bank_closed: 0 } as Record<string, number> &
    TransferReport['compensated'];
  for (const [reason, n] of reasons) {
    const name = reason.replace(/\W+/g, '_').slice(0, 60);
    counts[name] = (counts[name] ?? 0) + n;
  }
  return counts;
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
