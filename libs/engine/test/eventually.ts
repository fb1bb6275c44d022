import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/**
 * Waits until `look` answers something other than undefined, null or false, and answers that.
 *
 * @throws Error that names `what` when that takes longer than `withinMs`, and tells what was `found` instead
 */
export async function eventually<Answer>(
  what: string,
  look: () => Promise<Answer> | Answer,
  withinMs = 20_000,
  found: () => string = () => '',
): Promise<NonNullable<Answer>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (performance.now() > deadline)
      throw new Error(`${what}: not within ${withinMs} ms. ${found()}`);
    await pause(LOOK_EVERY_MS);
  }
}
