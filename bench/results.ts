import type { Bed } from './bed';
import type { DrainResult } from './drain';
import type { HotKeyResult, HotKeyWork } from './hot-key';
import type { Latency } from './latency';
import type { WakeUpResult, WakeUpWork } from './wake-up';

/** One round as one line of text, and as one line of JSON for programs. */
export function printResults(work: string, result: DrainResult): void {
  const perSaga = (total: number): string => (total / result.count).toFixed(4);
  const rate = Math.round(result.count / result.seconds);
  print(
    `${work}: ${rate} ${work === 'drain' ? 'items' : 'sagas'}/s (${result.seconds.toFixed(2)} s); per saga: ` +
      `${perSaga(result.bookkeepingCommits)} writing transactions, ${perSaga(result.databaseCommits)} commits as the ` +
      `database counts them, ${perSaga(result.queueJobs)} queue jobs, ${perSaga(result.transitions)} transitions`,
    { work, rate, ...result },
  );
}

/** All rounds in the same two lines: medians of the rounds, and the ratio of those. */
export function printHotKey(bed: Bed, work: HotKeyWork, result: HotKeyResult): void {
  print(
    `hotkey on ${databaseOf(bed)}: commit -> handler ${told(result.without)} without, ${told(result.with)} with ` +
      `${work.parked} parked markers: p99 ratio ${result.ratio.toFixed(2)} (medians of ${work.rounds} rounds)`,
    { work: 'hotkey', database: databaseOf(bed), ...work, ...result },
  );
}

/** One round. */
export function printWakeUp(bed: Bed, work: WakeUpWork, result: WakeUpResult): void {
  print(
    `wakeup on ${databaseOf(bed)}${work.hints ? '' : ' without hints'}: commit -> handler ` +
      `${told(result.sameProcess)} in the same process, ${told(result.anotherProcess)} in another`,
    { work: 'wakeup', database: databaseOf(bed), ...work, ...result },
  );
}

function databaseOf({ isPostgres }: Bed): string {
  return isPostgres ? 'PostgreSQL' : 'MariaDB';
}

function told({ p50, p99 }: Latency): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}

function print(line: string, json: object): void {
  process.stdout.write(`${line}\n${JSON.stringify(json)}\n`);
}
