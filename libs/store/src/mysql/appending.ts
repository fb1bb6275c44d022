import { invariant, type AppendedMarker, type NewMarker } from '@tenon/core';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2';
import type { QueryRunner } from 'typeorm';
import { sendOn } from './connection';
import { isDuplicate } from './errors';
import * as SQL from './sql';

const ROWS_MAX = 1_000;
/** About how many characters one packet may have: far below the smallest usual `max_allowed_packet`. */
const CHARACTERS_MAX = 1_000_000;
/** TIMESTAMP's first instant, since 1970. */
const SECONDS_MIN = 1;

/** Inserts markers in the caller's transaction, in the order in which they were given. */
export async function appendMarkers(
  runner: QueryRunner,
  markers: readonly NewMarker[],
): Promise<readonly AppendedMarker[]> {
  if (markers.length === 0) return [];
  const connection = (await runner.connect()) as Connection;
  const firsts = firstsOf(markers);
  const distinct = markers.filter((marker) => firsts.get(nameOf(marker) ?? marker) === marker);
  const answers = new Map<NewMarker, AppendedMarker>();
  for (const part of partsOf(distinct)) {
    for (const [index, answer] of (await insert(connection, part)).entries()) {
      const marker = part[index];
      if (marker !== undefined) answers.set(marker, answer);
    }
  }
  return markers.map((marker) => {
    const first = firsts.get(nameOf(marker) ?? marker);
    const answer = first === undefined ? undefined : answers.get(first);
    invariant(answer !== undefined, 'every marker that was appended has an answer');
    return first === marker ? answer : { ...answer, isDuplicate: true };
  });
}

/** The first marker of each idempotency key; one without such a key stands for itself. */
function firstsOf(markers: readonly NewMarker[]): ReadonlyMap<string | NewMarker, NewMarker> {
  const firsts = new Map<string | NewMarker, NewMarker>();
  for (const marker of markers) {
    const name = nameOf(marker) ?? marker;
    if (!firsts.has(name)) firsts.set(name, marker);
  }
  return firsts;
}

function nameOf({ type, idempotencyKey }: NewMarker): string | null {
  return idempotencyKey === null ? null : JSON.stringify([type, idempotencyKey]);
}

function* partsOf(markers: readonly NewMarker[]): Generator<readonly NewMarker[]> {
  let part: NewMarker[] = [];
  let characters = 0;
  for (const marker of markers) {
    if (
      part.length === ROWS_MAX ||
      (part.length > 0 && characters + marker.payload.length > CHARACTERS_MAX)
    ) {
      yield part;
      [part, characters] = [[], 0];
    }
    part.push(marker);
    characters += marker.payload.length;
  }
  if (part.length > 0) yield part;
}

/** All in one statement; where one of them exists already, which undoes the statement only, in halves, in order. */
async function insert(
  connection: Connection,
  markers: readonly NewMarker[],
): Promise<readonly AppendedMarker[]> {
  const rows = markers.map(rowOf);
  try {
    const values = rows.flatMap((row) => row.values);
    const sql = `${SQL.APPEND_MARKERS} ${rows.map((row) => row.sql).join(', ')}`;
    const { insertId } = await sendOn<ResultSetHeader>(connection, sql, values);
    return (await idsFrom(connection, insertId, markers.length)).map((id) => ({
      id,
      isDuplicate: false,
    }));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const [marker] = markers;
  if (markers.length === 1 && marker !== undefined)
    return [{ id: await findAppended(connection, marker), isDuplicate: true }];
  const middle = Math.ceil(markers.length / 2);
  const first = await insert(connection, markers.slice(0, middle));
  return [...first, ...(await insert(connection, markers.slice(middle)))];
}

/** InnoDB numbers the rows of one INSERT … VALUES without a gap, whatever else is inserted at the same time. */
async function idsFrom(
  connection: Connection,
  first: number | string,
  count: number,
): Promise<readonly string[]> {
  if (count === 1) return [String(first)];
  const [row] = await sendOn<(RowDataPacket & { readonly step: number | string })[]>(
    connection,
    SQL.ID_STEP,
  );
  const step = BigInt(row?.step ?? 1);
  return Array.from({ length: count }, (_, index) => String(BigInt(first) + BigInt(index) * step));
}

async function findAppended(
  connection: Connection,
  { type, idempotencyKey }: NewMarker,
): Promise<string> {
  const values = [type, idempotencyKey];
  const [row] = await sendOn<(RowDataPacket & { readonly id: string })[]>(
    connection,
    SQL.FIND_APPENDED,
    values,
  );
  invariant(
    row !== undefined,
    `the operation with the idempotency key "${idempotencyKey ?? ''}" is gone`,
  );
  return row.id;
}

function rowOf(marker: NewMarker): { readonly sql: string; readonly values: readonly unknown[] } {
  const { type, key, payload, idempotencyKey, priority, traceContext, deadlineMs } = marker;
  const due = dueOf(marker);
  const deadline = deadlineMs === null ? SQL.MARKER_NO_DEADLINE : SQL.MARKER_DEADLINE;
  return {
    sql: `(${SQL.MARKER_PLAIN}, ${due.sql}, ${deadline})`,
    values: [
      ...[type, key, payload, idempotencyKey, priority, traceContext, ...due.values],
      ...(deadlineMs === null ? [] : [deadlineMs]),
    ],
  };
}

function dueOf({ delayMs, dueAt }: NewMarker): {
  readonly sql: string;
  readonly values: readonly number[];
} {
  if (dueAt !== null) {
    const seconds = Math.max(dueAt.getTime() / 1_000, SECONDS_MIN);
    return { sql: SQL.MARKER_DUE_AT, values: [seconds] };
  }
  return delayMs > 0
    ? { sql: SQL.MARKER_DUE_LATER, values: [delayMs] }
    : { sql: SQL.MARKER_DUE_NOW, values: [] };
}
