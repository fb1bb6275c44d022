import type { SagaReport } from '@tenon/core';
import type { TenonClient } from '@tenon/engine';

/** How often a test asks for a saga's report while it waits, in milliseconds. */
const ASK_EVERY_MS = 20;
const WAIT_MS_MAX = 30_000;

/** Waits until the saga has ended, and answers its report. Rejects with what is known of it when it does not end. */
export async function sagaEnd(tenon: TenonClient, id: string): Promise<SagaReport> {
  const giveUpAt = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const report = await tenon.find(id);
    if (report?.finishedAt) return report;
    if (report?.state === 'paused' || performance.now() > giveUpAt) {
      throw new Error(`saga ${id} has not ended: ${JSON.stringify(report, null, 2)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
