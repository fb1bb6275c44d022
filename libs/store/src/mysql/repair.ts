import type { Store } from '@tenon/core';
import { setTimeout as wait } from 'node:timers/promises';
import { changedBy, rowsOf } from './connection';
import type { Database } from './database';
import { parkedHeads, type HeadRow } from './heads';
import { releaseKeys } from './intake';
import { compareIds, numbersOf } from './row';
import * as SQL from './sql';

const BATCH_MAX = 1_000;
/** A release that is on its way needs no repair: heads are looked at twice, this far apart. */
const SECOND_LOOK_MS = 100;
/** Parked markers looked at in one statement, statements in one run, and keys in one run. */
const WINDOW_MAX = 250;
const WINDOWS_MAX = 100;
const KEYS_MAX = 5_000;
/** Rows looked at per row that may be deleted, so that sagas that live long do not hide what lies behind them. */
const TIDY_WINDOW = 10;

export type RepairRun = Parameters<Store['recordRepair']>[0];
interface IdRow {
  readonly id: string;
}

/** Ends lapsed sessions and frees what they held. Answers the number of sessions. */
export async function endLapsedSessions(database: Database): Promise<number> {
  const ended = await database.transaction(async (transaction) => {
    const [lapsed] = await transaction.send([SQL.FIND_LAPSED_SESSIONS, BATCH_MAX]);
    const ids = rowsOf<IdRow>(lapsed).map(({ id }) => id);
    if (ids.length > 0) await transaction.commit([SQL.END_LAPSED_SESSIONS, numbersOf(ids)]);
    return ids.length;
  });
  while ((await freeOrphans(database)) === BATCH_MAX);
  return ended;
}

/**
 * Frees what ended sessions hold: not only those that were just ended, as this may have been cut short before, or a row was
 * locked. Answers how many.
 */
async function freeOrphans(database: Database): Promise<number> {
  const orphans = await database.rows<IdRow & { readonly has_lapsed: number }>(
    SQL.FIND_ORPHANS,
    BATCH_MAX,
  );
  let freed = 0;
  for (const hasLapsed of [0, 1]) {
    const ids = orphans.filter((orphan) => orphan.has_lapsed === hasLapsed).map(({ id }) => id);
    if (ids.length > 0) freed += await freeOf(database, ids, hasLapsed);
  }
  return freed;
}

async function freeOf(
  database: Database,
  ids: readonly string[],
  hasLapsed: number,
): Promise<number> {
  return database.transaction(async (transaction) => {
    const [locked] = await transaction.send([SQL.LOCK_ORPHANS, numbersOf(ids)]);
    const free = numbersOf(rowsOf<IdRow>(locked).map(({ id }) => id));
    if (free.length === 0) return 0;
    const [answer] = await transaction.commit([SQL.FREE_ORPHANS, hasLapsed, free, hasLapsed]);
    return changedBy(answer);
  });
}

/** Buries markers that no living session can run, and lets the next of their keys go on. */
export async function buryUnserved(database: Database, graceMs: number): Promise<number> {
  const [known, pending] = await database.read([SQL.KNOWN_TYPES], [SQL.PENDING_TYPES]);
  const sessions = rowsOf<{ readonly types: string; readonly is_living: number }>(known);
  if (!sessions.some(({ is_living }) => is_living === 1)) return 0;
  const served = new Set(sessions.flatMap(({ types }) => JSON.parse(types) as readonly string[]));
  const unknown = rowsOf<{ readonly type: string }>(pending).filter(
    ({ type }) => !served.has(type),
  );
  let buried = 0;
  for (const { type } of unknown) buried += await buryType(database, type, graceMs);
  return buried;
}

async function buryType(database: Database, type: string, graceMs: number): Promise<number> {
  for (let buried = 0; ;) {
    const ids = await database.transaction(async (transaction) => {
      const [unserved] = await transaction.send([SQL.FIND_UNSERVED, type, graceMs, BATCH_MAX]);
      const found = rowsOf<IdRow>(unserved).map(({ id }) => id);
      if (found.length > 0) await transaction.commit([SQL.BURY_UNSERVED, numbersOf(found)]);
      return found;
    });
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
    const heads = parkedHeads(await database.rows<HeadRow>(SQL.HEADS, numbersOf(found)));
    const still = found.filter((id) => heads.includes(id));
    return still.length === 0 ? 0 : database.change(SQL.FREE_PARKED_HEADS, numbersOf(still));
  }

  private async find(database: Database, graceMs: number): Promise<readonly string[]> {
    const found = new Set<string>();
    let keys = 0;
    for (let window = 0; window < WINDOWS_MAX && keys < KEYS_MAX; window += 1) {
      const seen = await database.rows<KeyRow>(
        SQL.FIND_PARKED_HEADS,
        this.from,
        WINDOW_MAX,
        graceMs,
      );
      for (const { head } of seen) if (head !== null) found.add(head);
      keys += seen.length;
      const last = seen.at(-1);
      if (last === undefined) {
        this.from = '';
        break;
      }
      // The least of all keys behind it: what else is parked of the same one is passed over.
      this.from = `${last.key}\0`;
    }
    return [...found];
  }
}

interface FenceRow {
  readonly saga_id: string;
  readonly is_old: number;
}

/** Deletes the fence rows of sagas that ended long ago, going round and round in the table, a window at a time. */
export class FenceTidier {
  /** The saga behind which the next window begins. */
  private from = '0';

  async tidy(database: Database, retentionMs: number, limit: number): Promise<number> {
    const windowMax = limit * TIDY_WINDOW;
    const seen = await database.rows<FenceRow>(
      SQL.FIND_FENCES,
      retentionMs,
      BigInt(this.from),
      windowMax,
    );
    const old = seen.filter(({ is_old: isOld }) => isOld === 1).slice(0, limit);
    const ids = new Set(old.map(({ saga_id: id }) => id));
    const deleted =
      ids.size === 0 ? 0 : await database.change(SQL.TIDY_FENCES, numbersOf([...ids]), limit);
    const last = seen
      .map(({ saga_id: id }) => id)
      .sort(compareIds)
      .at(-1);
    if (deleted < limit) this.from = seen.length < windowMax ? '0' : (last ?? '0');
    return deleted;
  }
}

/** Deletes sessions that ended long ago. An ended one takes no saga any more, so none can be given one meanwhile. */
export async function tidySessions(
  database: Database,
  retentionMs: number,
  limit: number,
): Promise<number> {
  const old = await database.rows<IdRow>(SQL.FIND_OLD_SESSIONS, retentionMs, retentionMs, limit);
  return deleteOf(database, SQL.TIDY_SESSIONS, old);
}

/** Deletes rows of `repair_run` that are old. */
export async function tidyRepairRuns(
  database: Database,
  retentionMs: number,
  limit: number,
): Promise<number> {
  const old = await database.rows<IdRow>(SQL.FIND_OLD_REPAIR_RUNS, limit, retentionMs);
  return deleteOf(database, SQL.TIDY_REPAIR_RUNS, old);
}

async function deleteOf(
  database: Database,
  statement: string,
  rows: readonly IdRow[],
): Promise<number> {
  return rows.length === 0 ? 0 : database.change(statement, numbersOf(rows.map(({ id }) => id)));
}

/** Appends one row to `repair_run`. */
export async function recordRepair(database: Database, run: RepairRun): Promise<void> {
  const { rule, found, repaired, durationMs, error } = run;
  await database.change(SQL.RECORD_REPAIR, [rule, found, repaired, Math.round(durationMs), error]);
}
