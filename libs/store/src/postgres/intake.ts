import type { HeldSaga, Taken, TakeRequest, Ticket } from '@tenon/core';
import type { Database } from './database';
import { withHistories } from './history';
import { byId, type SagaRow } from './row';
import { NEXT_DUE, RELEASE_KEYS, REQUEUE_QUEUED, TAKE_DUE, TAKE_IN } from './sql';

/** `parked`, `busy` and `pending` tell of a marker and fill in its id only. */
interface ClaimedRow extends SagaRow {
  readonly kind: 'held' | 'queued' | 'parked' | 'busy' | 'pending';
}

/**
 * Claims markers and makes their sagas. A key whose head was in the way may have become free between the statement's
 * snapshot and its commit, so such keys are looked at again behind it.
 */
export async function takeIn(database: Database, request: TakeRequest): Promise<Taken> {
  const { limit, inlineMax, sessionId, types, requeueMs } = request;
  const [names, versions] = columnsOf(types);
  const values = [names, versions, limit, inlineMax, sessionId, requeueMs];
  const rows = await database.write<ClaimedRow>(TAKE_IN, values);
  const busy = idsOf(rows, 'busy');
  const released = await releaseKeys(database, busy, inlineMax > 0 ? sessionId : null, types);
  const held = rows.filter(({ kind }) => kind === 'held');
  return {
    held: [...(await withHistories(database, held)), ...released],
    queued: ticketsOf(rows),
    parked: idsOf(rows, 'parked').length,
  };
}

/** Claims sagas that nobody holds and that are due. */
export async function takeDue(database: Database, request: TakeRequest): Promise<Taken> {
  const { limit, inlineMax, sessionId, types, requeueMs } = request;
  const [names] = columnsOf(types);
  const values = [names, limit, inlineMax, sessionId, requeueMs];
  const rows = await database.write<ClaimedRow>(TAKE_DUE, values);
  const held = rows.filter(({ kind }) => kind === 'held');
  return { held: await withHistories(database, held), queued: ticketsOf(rows), parked: 0 };
}

/** Hands the next marker of each of the keys of `ids` to the session, or makes it pending. */
export async function releaseKeys(
  database: Database,
  ids: readonly string[],
  sessionId: string | null,
  types: TakeRequest['types'],
): Promise<readonly HeldSaga[]> {
  if (ids.length === 0) return [];
  const rows = await database.write<ClaimedRow>(RELEASE_KEYS, [
    ids,
    sessionId,
    ...columnsOf(types),
  ]);
  return withHistories(
    database,
    rows.filter(({ kind }) => kind === 'held'),
  );
}

/** Milliseconds until something of these types is due. */
export async function nextDueMs(
  database: Database,
  types: TakeRequest['types'],
  msMax: number,
): Promise<number> {
  const [names] = columnsOf(types);
  const [row] = await database.read<{ readonly ms: number | null }>(NEXT_DUE, [names]);
  const ms = row?.ms ?? msMax;
  return Math.min(msMax, Math.max(0, Math.ceil(ms)));
}

/** Makes every queued saga due at once. */
export function requeueQueued(database: Database): Promise<number> {
  return database.change(REQUEUE_QUEUED, []);
}

function columnsOf(types: TakeRequest['types']): readonly [readonly string[], readonly number[]] {
  return [types.map(({ type }) => type), types.map(({ version }) => version)];
}

function idsOf(rows: readonly ClaimedRow[], kind: ClaimedRow['kind']): readonly string[] {
  return rows.filter((row) => row.kind === kind).map(({ id }) => id);
}

function ticketsOf(rows: readonly ClaimedRow[]): readonly Ticket[] {
  const queued = rows.filter(({ kind }) => kind === 'queued').sort(byId);
  return queued.map(({ id, fence }) => ({ id, fence }));
}
