import type { TypeBacklog } from '@tenon/core';
import {
  COUNT_MAX,
  TYPES_MAX,
  typeBacklogs,
  type LiveCount,
  type PendingCount,
  type TypeCount,
} from '../../operator/type-backlogs';
import type { Database } from '../database';
import { DEAD_BACKLOG, LIVE_BACKLOG, PAUSED_BACKLOG, PENDING_BACKLOG } from './operator-sql';

interface PendingRow {
  readonly type: string;
  readonly pending: number;
  readonly oldest_pending_ms: number;
}

/** What waits, by type. */
export async function backlog(database: Database): Promise<readonly TypeBacklog[]> {
  const pending = await database.read<PendingRow>(PENDING_BACKLOG, [COUNT_MAX, TYPES_MAX]);
  const live = await database.read<LiveCount>(LIVE_BACKLOG, [COUNT_MAX, TYPES_MAX]);
  const paused = await database.read<TypeCount>(PAUSED_BACKLOG, [COUNT_MAX]);
  const dead = await database.read<TypeCount>(DEAD_BACKLOG, [COUNT_MAX]);
  return typeBacklogs({ pending: pending.map(pendingCount), live, paused, dead });
}

function pendingCount(row: PendingRow): PendingCount {
  return { type: row.type, count: row.pending, oldestMs: row.oldest_pending_ms };
}
