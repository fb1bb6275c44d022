import { PRIORITY_NUMBERS, type SagaState, type TypeBacklog } from '@tenon/core';
import {
  COUNT_MAX,
  TYPES_MAX,
  typeBacklogs,
  type LiveCount,
  type PendingCount,
  type TypeCount,
} from '../../operator/type-backlogs';
import { rowsOf, type Answer } from '../connection';
import type { Database } from '../database';
import * as SQL from './operator-sql';

interface TypeRow {
  readonly type: string;
}
interface CountRow {
  readonly count: string;
}

/** What waits, by type. */
export async function backlog(database: Database): Promise<readonly TypeBacklog[]> {
  const [pendingTypes, knownTypes, paused, dead] = await database.read(
    [SQL.PENDING_TYPES, TYPES_MAX],
    [SQL.KNOWN_TYPES, TYPES_MAX],
    [SQL.PAUSED_BACKLOG, COUNT_MAX],
    [SQL.DEAD_BACKLOG, COUNT_MAX],
  );
  const pending: PendingCount[] = [];
  for (const { type } of rowsOf<TypeRow>(pendingTypes))
    pending.push(await pendingOf(database, type));
  const live: LiveCount[] = [];
  for (const { type } of rowsOf<TypeRow>(knownTypes)) live.push(...(await liveOf(database, type)));
  return typeBacklogs({ pending, live, paused: typeCounts(paused), dead: typeCounts(dead) });
}

/** Each priority is looked up on its own: behind it the index is in the order of due times. */
async function pendingOf(database: Database, type: string): Promise<PendingCount> {
  const answers = await database.read(
    ...Object.values(PRIORITY_NUMBERS).map(
      (priority) => [SQL.PENDING_BACKLOG, type, priority, COUNT_MAX] as const,
    ),
  );
  const rows = answers.flatMap((answer) =>
    rowsOf<CountRow & { readonly oldest_ms: string }>(answer),
  );
  const count = rows.reduce((sum, row) => sum + Number(row.count), 0);
  const oldestMs = Math.max(0, ...rows.map((row) => Number(row.oldest_ms)));
  return { type, count: Math.min(COUNT_MAX, count), oldestMs };
}

async function liveOf(database: Database, type: string): Promise<readonly LiveCount[]> {
  const rows = await database.rows<CountRow & { readonly state: SagaState }>(
    SQL.LIVE_BACKLOG,
    type,
    COUNT_MAX,
  );
  return rows.map(({ state, count }) => ({ type, state, count: Number(count) }));
}

function typeCounts(answer: Answer | undefined): readonly TypeCount[] {
  return rowsOf<TypeRow & CountRow>(answer).map(({ type, count }) => ({
    type,
    count: Number(count),
  }));
}
