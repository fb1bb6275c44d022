import { setTimeout as wait } from 'node:timers/promises';
import { isDown, WAIT_MS_MAX } from '../database/open-database';
import type { Census, Standing } from '../transfers/census';

/** A round in which no transfer ended for this long is given up, in milliseconds. */
const STANDSTILL_MS_MAX = 120_000;
const LOOK_MS_MIN = 50;

/**
 * Watches the database until every transfer has ended or waits for a person, and nothing has happened for too long. A
 * database that goes away meanwhile is waited for.
 *
 * `isComplete` tells that all orders have been handed in; `see` is told what was seen each time.
 */
export async function watchToTheEnd(
  census: Census,
  isComplete: () => boolean,
  see: (standing: Standing) => void,
  say: (message: string) => void,
): Promise<'ended' | 'standstill'> {
  let last: Standing = { orders: 0, ended: -1, stuck: 0 };
  let movedMs = performance.now();
  while (true) {
    const lookedMs = performance.now();
    // Asked before the look: what is handed in after it would not be in it.
    const wasComplete = isComplete();
    const standing = await patiently('watch the transfers', say, () => census.standing());
    see(standing);
    if (wasComplete && standing.ended + standing.stuck >= standing.orders) return 'ended';
    const now = performance.now();
    if (standing.ended !== last.ended || standing.orders !== last.orders) movedMs = now;
    if (now - movedMs > STANDSTILL_MS_MAX) return 'standstill';
    last = standing;
    // A look at millions of rows takes its time, and must not be all that the database does.
    await wait(Math.max(LOOK_MS_MIN, 4 * (now - lookedMs)));
  }
}

/** Does `work`, again while the database is away, for a bounded time. */
export async function patiently<Answer>(
  what: string,
  say: (message: string) => void,
  work: () => Promise<Answer>,
): Promise<Answer> {
  let goneMs: number | null = null;
  while (true) {
    try {
      const answer = await work();
      if (goneMs !== null) say('The database is back.');
      return answer;
    } catch (error) {
      const now = performance.now();
      if (!isDown(error) || (goneMs !== null && now - goneMs > WAIT_MS_MAX)) throw error;
      if (goneMs === null) {
        say(
          `The database went away (cannot ${what}). Waiting up to ${WAIT_MS_MAX / 1000} s for it …`,
        );
      }
      goneMs ??= now;
      await wait(500);
    }
  }
}
