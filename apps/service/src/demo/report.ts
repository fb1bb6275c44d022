import type { Outcome } from '../transfers/census';
import { cents, money } from '../transfers/money';
import { transferReport, type Round, type TransferReport } from '../transfers/transfer-report';

/** What was done to the rounds. */
export interface Toll {
  readonly kills: number;
  /** Null where Redis was left alone. */
  readonly redis: { readonly faults: number; readonly tickingAgainMsMax: number } | null;
}

/** The demo's last line with `--json`. The names and their order are a promise. */
export interface JsonReport extends TransferReport {
  readonly rounds: number;
  readonly kills: number;
  /** With `--redis-faults` only. */
  readonly redis_faults?: number;
  /** With `--redis-faults` only: the longest time from a fault to the next tick that BullMQ carried. */
  readonly ticking_again_ms_max?: number;
}

/** The report of the last round, and of how many there were. */
export function jsonReport(round: Round, rounds: number, { kills, redis }: Toll): JsonReport {
  return {
    ...transferReport(round),
    rounds,
    kills,
    ...(redis && { redis_faults: redis.faults, ticking_again_ms_max: redis.tickingAgainMsMax }),
  };
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
