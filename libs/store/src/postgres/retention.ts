import type { OldOperations } from '@tenon/core';
import { chooseOld, SEEN_PER_OLD_MAX } from '../old-operations';
import type { Database } from './database';
import { DELETE_OLD, FIND_OLD } from './sql';

interface SeenRow {
  readonly id: string;
  readonly is_old: boolean;
  readonly is_young: boolean;
}

/** Operations that ended long ago, of those behind `after`, the oldest first. */
export async function findOld(
  database: Database,
  retentionMs: number,
  after: string,
  limit: number,
): Promise<OldOperations> {
  const windowMax = limit * SEEN_PER_OLD_MAX;
  const rows = await database.read<SeenRow>(FIND_OLD, [retentionMs, after, windowMax]);
  const seen = rows.map(({ id, is_old: isOld, is_young: isYoung }) => ({ id, isOld, isYoung }));
  return chooseOld(seen, limit, windowMax);
}

/** Deletes operations that have ended, with all that belongs to them. */
export async function deleteOld(database: Database, ids: readonly string[]): Promise<number> {
  return ids.length === 0 ? 0 : database.change(DELETE_OLD, [ids]);
}
