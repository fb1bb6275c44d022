import type { OldOperations } from '@tenon/core';
import { chooseOld, SEEN_PER_OLD_MAX } from '../old-operations';
import { rowsOf, type Statement } from './connection';
import type { Database } from './database';
import { numbersOf } from './row';
import { DELETE_OLD, ENDED_OF, FIND_OLD, LOCK_OLD } from './sql';

interface IdRow {
  readonly id: string;
}
interface SeenRow extends IdRow {
  readonly is_old: number;
  readonly is_young: number;
}

/** Operations that ended long ago, of those behind `after`, the oldest first. */
export async function findOld(
  database: Database,
  retentionMs: number,
  after: string,
  limit: number,
): Promise<OldOperations> {
  const windowMax = limit * SEEN_PER_OLD_MAX;
  const values = [retentionMs, retentionMs, BigInt(after), windowMax];
  const rows = await database.rows<SeenRow>(FIND_OLD, ...values);
  const seen = rows.map((row) => ({
    id: row.id,
    isOld: row.is_old === 1,
    isYoung: row.is_young === 1,
  }));
  return chooseOld(seen, limit, windowMax);
}

/** Deletes operations that have ended, with all that belongs to them. */
export async function deleteOld(database: Database, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  return database.transaction(async (transaction) => {
    const numbers = numbersOf(ids);
    const [locked, ended] = await transaction.send([LOCK_OLD, numbers], [ENDED_OF, numbers]);
    const ours = new Set(rowsOf<IdRow>(locked).map(({ id }) => id));
    const old = rowsOf<IdRow>(ended).filter(({ id }) => ours.has(id));
    if (old.length === 0) return 0;
    const chosen = numbersOf(old.map(({ id }) => id));
    await transaction.commit(...DELETE_OLD.map((sql): Statement => [sql, chosen]));
    return old.length;
  });
}
