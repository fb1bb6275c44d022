import type { EngineCounters } from '@tenon/engine';
import type { Outcome, Pace } from './census';
import { cents, money } from './verdict';

/** One run of the whole input. */
export interface Round {
  readonly outcome: Outcome;
  readonly pace: Pace;
  readonly counters: EngineCounters;
  /** Transfers that ended in this round; with `--keep` not all that are there. */
  readonly endedNow: number;
}

/** What was done to the rounds. */
export interface Toll {
  readonly kills: number;
  /** Null where Redis was left alone. */
  readonly redis: { readonly faults: number; readonly tickingAgainMsMax: number } | null;
}

/** The demo's last line with `--json`. The names and their order are a promise. */
export interface JsonReport {
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
  readonly rounds: number;
  readonly kills: number;
  /** With `--redis-faults` only. */
  readonly redis_faults?: number;
  /** With `--redis-faults` only: the longest time from a fault to the next tick that BullMQ carried. */
  readonly ticking_again_ms_max?: number;
}

/** The report of the last round, and of how many there were. */
export function jsonReport(round: Round, rounds: number, { kills, redis }: Toll): JsonReport {
  const { outcome, pace, counters, endedNow } = round;
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
    rounds,
    kills,
    ...(redis && { redis_faults: redis.faults, ticking_again_ms_max: redis.tickingAgainMsMax }),
  };
}

/** Reasons as names: `bank closed` is `bank_closed`. A reason may be a whole error message, of which the beginning does. */
function byName(reasons: ReadonlyMap<string, number>): JsonReport['compensated'] {
  const counts = { insufficient_funds: 0, bank_closed: 0 } as Record<string, number> &
    JsonReport['compensated'];
  for (const [reason, n] of reasons) {
    const name = reason.replace(/\W+/g, '_').slice(0, 60);
    counts[name] = (counts[name] ?? 0) + n;
  }
  return counts;
}

/** The same for people, with the proof. */
export function textReport(report: JsonReport, outcome: Outcome): string {
  const reasons = [...outcome.compensated].map(([reason, n]): Row => [`compensated: ${reason}`, n]);
  const rare: Row[] = [
    ['paused', outcome.paused],
    ['dead or killed', outcome.dead],
    ['not ended', outcome.open],
  ];
  const opening = money(cents(outcome.openingTotal));
  const proof = money(cents(report.balances_total) + cents(report.booked_total));
  return [
    table([
      ['transfers', outcome.orders],
      ['completed', outcome.completed],
      ...reasons,
      ...rare.filter(([, n]) => n !== 0),
    ]),
    table([
      [`${outcome.accounts} accounts began with`, opening],
      ['their balances now', report.balances_total],
      ['booked to the banks', report.booked_total],
      ['balances + booked', proof],
      ['still reserved', money(cents(outcome.reservedTotal))],
      [
        'entries or accounts that do not match',
        outcome.sagasAmiss + outcome.entriesAmiss + outcome.accountsAmiss,
      ],
    ]),
    table([
      ['seconds', report.seconds],
      ['sagas per second', report.sagas_per_second],
      ['order to end, p50 / p99', `${report.latency_ms.p50} / ${report.latency_ms.p99} ms`],
      ['queue jobs', report.queue_jobs],
      ['commits per saga', report.commits_per_saga],
      ...troubleRows(report),
    ]),
  ].join('\n\n');
}

function troubleRows({
  rounds,
  kills,
  redis_faults,
  ticking_again_ms_max,
}: JsonReport): readonly Row[] {
  const rows: Row[] = kills > 0 ? [['kills', kills]] : [];
  if (redis_faults !== undefined && ticking_again_ms_max !== undefined) {
    rows.push(
      ['Redis faults', redis_faults],
      ['ticking again after at most', `${ticking_again_ms_max} ms`],
    );
  }
  return rows.length === 0 ? [] : [['rounds', rounds], ...rows];
}

type Row = readonly [string, string | number];

function table(rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.max(...rows.map(([, value]) => String(value).length));
  return rows
    .map(([name, value]) => `  ${name.padEnd(nameWidth)}  ${String(value).padStart(valueWidth)}`)
    .join('\n');
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
