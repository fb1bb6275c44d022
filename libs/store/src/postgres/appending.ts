import { invariant, type AppendedMarker, type NewMarker } from '@tenon/core';
import type { PoolClient } from 'pg';
import type { QueryRunner } from 'typeorm';
import { sendOn } from './database';
import { APPEND_MARKERS, FIND_APPENDED } from './sql';

interface AppendedRow {
  readonly id: string;
  readonly type: string;
  readonly idempotency_key: string | null;
}

/** Inserts markers in the caller's transaction, with one statement for all of them. */
export async function appendMarkers(
  runner: QueryRunner,
  markers: readonly NewMarker[],
): Promise<readonly AppendedMarker[]> {
  if (markers.length === 0) return [];
  const client = (await runner.connect()) as PoolClient;
  const { rows } = await sendOn<AppendedRow>(client, APPEND_MARKERS, [
    markers.map(({ type }) => type),
    markers.map(({ key }) => key),
    markers.map(({ payload }) => payload),
    markers.map(({ idempotencyKey }) => idempotencyKey),
    markers.map(({ delayMs }) => delayMs),
    markers.map(({ dueAt }) => dueAt?.toISOString() ?? null),
    markers.map(({ priority }) => priority),
    markers.map(({ deadlineMs }) => deadlineMs),
    markers.map(({ traceContext }) => traceContext),
  ]);
  const inserted = matchInOrder(markers, rows);
  const duplicates = markers.filter((_, place) => inserted[place] === undefined);
  const earlier = await findAppended(client, duplicates);
  return markers.map((marker, place) => {
    const id = inserted[place];
    if (id !== undefined) return { id, isDuplicate: false };
    const existing = earlier.get(nameOf(marker.type, marker.idempotencyKey));
    invariant(
      existing !== undefined,
      `the operation with the idempotency key "${marker.idempotencyKey ?? ''}" is gone`,
    );
    return { id: existing, isDuplicate: true };
  });
}

/** The ids of those that were inserted, each at its place: the rows come in the order of the markers, with gaps. */
function matchInOrder(
  markers: readonly NewMarker[],
  rows: readonly AppendedRow[],
): readonly (string | undefined)[] {
  let next = 0;
  return markers.map(({ type, idempotencyKey }) => {
    const row = rows[next];
    if (row?.type !== type || row.idempotency_key !== idempotencyKey) return undefined;
    next += 1;
    return row.id;
  });
}

async function findAppended(
  client: PoolClient,
  markers: readonly NewMarker[],
): Promise<ReadonlyMap<string, string>> {
  if (markers.length === 0) return new Map();
  const { rows } = await sendOn<AppendedRow>(client, FIND_APPENDED, [
    markers.map(({ type }) => type),
    markers.map(({ idempotencyKey }) => idempotencyKey),
  ]);
  return new Map(rows.map((row) => [nameOf(row.type, row.idempotency_key), row.id]));
}

function nameOf(type: string, idempotencyKey: string | null): string {
  return JSON.stringify([type, idempotencyKey]);
}
