import type { DrainResult } from './drain';

/** One round as one line of text, and as one line of JSON for programs. */
export function printResults(work: string, result: DrainResult): void {
  const perSaga = (total: number): string => (total / result.count).toFixed(4);
  const rate = Math.round(result.count / result.seconds);
  process.stdout.write(
    `${work}: ${rate} ${work === 'drain' ? 'items' : 'sagas'}/s (${result.seconds.toFixed(2)} s); per saga: ` +
      `${perSaga(result.bookkeepingCommits)} writing transactions, ${perSaga(result.databaseCommits)} commits as the ` +
      `database counts them, ${perSaga(result.queueJobs)} queue jobs, ${perSaga(result.transitions)} transitions\n`,
  );
  process.stdout.write(`${JSON.stringify({ work, rate, ...result })}\n`);
}
