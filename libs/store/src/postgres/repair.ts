import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '@tenon/core';
import type { Database } from './database';
import { releaseKeys } from './intake';
import {
  BURY_UNSERVED,
  END_LAPSED_SESSIONS,
  FIND_PARKED_HEADS,
  FREE_ORPHANS,
  FREE_PARKED_HEADS,
  RECORD_REPAIR,
  TIDY_FENCES,
  TIDY_REPAIR_RUNS,
  TIDY_SESSIONS,
} from './sql';

const BATCH_MAX = 1_000;
/** A release that is on its way needs no repair: heads are looked at twice, this far apart. */
const SECOND_LOOK_MS = 100;
/** Keys looked at in one statement, and statements in one run. */
const WINDOW_MAX = 500;
const WINDOWS_MAX = 10;
/** Rows looked at per row that may be deleted, so that sagas that live long do not hide what lies behind them. */
const TIDY_WINDOW = 10;

/** What is written down of one run of a rule. */
export type RepairRun = Parameters<Store['recordRepair']>[0];

/** Ends lapsed sessions and frees what they held. Answers the number of sessions. */
export async function endLapsedSessions(database: Database): Promise<number> {
  const ended = await database.change(END_LAPSED_SESSIONS, []);
  while ((await database.change(FREE_ORPHANS, [BATCH_MAX])) === BATCH_MAX);
  return ended;
}

/** Buries markers that no living session can run, and lets the next of their keys go on. */
export async function buryUnserved(database: Database, graceMs: number): Promise<number> {
  for (let buried = 0; ;) {
    const rows = await database.write<{ readonly id: string }>(BURY_UNSERVED, [graceMs, BATCH_MAX]);
    const ids = rows.map(({ id }) => id);
    await releaseKeys(database, ids, null, []);
    buried += ids.length;
    if (ids.length < BATCH_MAX) return buried;
  }
}

interface KeyRow {
  readonly key: string;
  /** Parked, though nobody is on the way to it. */
  readonly head: string | null;
}

/**
 * Makes parked markers pending that stand at the head of their key, with nobody on the way to release them. Goes round and
 * round in the keys that have parked markers, several windows in each run, so that a run costs little however many wait.
 */
export class ParkedHeads {
  /** The key with which the next window begins. */
  private from = '';

  async free(database: Database, graceMs: number): Promise<number> {
    const found = await this.find(database, graceMs);
    if (found.length === 0) return 0;
    await wait(Math.min(graceMs, SECOND_LOOK_MS));
    return database.change(FREE_PARKED_HEADS, [found]);
  }

  private async find(database: Database, graceMs: number): Promise<readonly string[]> {
    const found = new Set<string>();
    for (let window = 0; window < WINDOWS_MAX; window += 1) {
      const seen = await database.read<KeyRow>(FIND_PARKED_HEADS, [graceMs, this.from, WINDOW_MAX]);
      for (const { head } of seen) if (head !== null) found.add(head);
      this.from = seen.length < WINDOW_MAX ? '' : (seen.at(-1)?.key ?? '');
      if (this.from === '') break;
    }
    return [...found];
  }
}

interface TidiedRow {
  readonly deleted: number;
  readonly seen: number;
  readonly last_seen: string | null;
}

/** Deletes the fence rows of sagas that ended long ago, going round and round in the table, a window at a time. */
export class FenceTidier {
  /** The saga behind which the next window begins. */
  private from = '0';

  async tidy(database: Database, retentionMs: number, limit: number): Promise<number> {
    const windowMax = limit * TIDY_WINDOW;
    const values = [retentionMs, limit, this.from, windowMax];
    const [row] = await database.write<TidiedRow>(TIDY_FENCES, values);
    if (row === undefined) return 0;
    if (row.deleted < limit) this.from = row.seen < windowMax ? '0' : (row.last_seen ?? '0');
    return row.deleted;
  }
}

/** Deletes sessions that ended long ago. */
export function tidySessions(
  database: Database,
  retentionMs: number,
  limit: number,
): Promise<number> {
  return database.change(TIDY_SESSIONS, [retentionMs, limit]);
}

/** Deletes rows of `repair_run` that are old. */
export function tidyRepairRuns(
  database: Database,
  retentionMs: number,
  limit: number,
): Promise<number> {
  return database.change(TIDY_REPAIR_RUNS, [retentionMs, limit]);
}

/** Appends one row to `repair_run`. */
export async function recordRepair(database: Database, run: RepairRun): Promise<void> {
  const { rule, found, repaired, durationMs, error } = run;
  await database.change(RECORD_REPAIR, [rule, found, repaired, Math.round(durationMs), error]);
}
