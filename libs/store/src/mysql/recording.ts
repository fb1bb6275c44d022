import type { RecordAnswer, SagaExit, SagaRecord } from '@tenon/core';
import { recordInParts } from '../record-in-parts';
import { rowsOf, type Statement } from './connection';
import type { Database, Transaction } from './database';
import { classifyMysqlError } from './errors';
import { numbersOf, transitionValues } from './row';
import * as SQL from './sql';

/** About how many characters one packet may have: far below the smallest usual `max_allowed_packet`. */
const CHARACTERS_MAX = 1_000_000;

/** Records many sagas, in one transaction if the database takes them all and a packet holds them. */
export async function record(
  database: Database,
  records: readonly SagaRecord[],
  sessionId: string,
): Promise<RecordAnswer> {
  return recordInParts(records, {
    write: (part) => database.transaction((transaction) => recordAll(transaction, part, sessionId)),
    classify: classifyMysqlError,
    fits: (part) => charactersOf(part) <= CHARACTERS_MAX,
  });
}

/** Two round trips: lock and look, then write what passed. */
async function recordAll(
  transaction: Transaction,
  records: readonly SagaRecord[],
  sessionId: string,
): Promise<readonly string[]> {
  const all = numbersOf(records.map(({ id }) => id));
  const [locked, last] = await transaction.send(
    [SQL.LOCK_HELD, all, BigInt(sessionId)],
    [SQL.LAST_NUMBERS, all],
  );
  const fences = new Map(
    rowsOf<{ id: string; fence: number }>(locked).map(({ id, fence }) => [id, fence]),
  );
  const numbers = new Map(
    rowsOf<{ id: string; seq: number }>(last).map(({ id, seq }) => [id, seq]),
  );
  // A saga's row may lag behind its history, because a transactional handler commits its rows without touching it: the
  // history decides whether the caller knows it all.
  const passed = records.filter(
    ({ id, fence, seq, transitions }) =>
      fences.get(id) === fence && (numbers.get(id) ?? 0) === seq - transitions.length,
  );
  if (passed.length === 0) return [];
  await transaction.commit(...writes(passed, sessionId));
  return passed.map(({ id }) => id);
}

function writes(records: readonly SagaRecord[], sessionId: string): readonly Statement[] {
  const session = BigInt(sessionId);
  const transitions = records.flatMap(({ id, fence, transitions }) =>
    transitions.map((row) => [BigInt(id), ...transitionValues(row), fence, session]),
  );
  const finished = records.flatMap(({ id, exit }) => finishedMarker(id, exit));
  const statements: Statement[] = [[SQL.RECORD, JSON.stringify(records.map(sagaValues))]];
  if (transitions.length > 0) statements.push([SQL.RECORD_TRANSITIONS, transitions]);
  if (finished.length > 0) statements.push([SQL.RECORD_MARKERS, JSON.stringify(finished)]);
  return statements;
}

function sagaValues({ id, state, seq, exit }: SagaRecord): readonly (string | number | null)[] {
  const delayMs = exit.kind === 'waits' ? exit.delayMs : 0;
  const reason = exit.kind === 'ends' || exit.kind === 'pauses' ? exit.reason : null;
  return [id, state, seq, exit.kind, delayMs, reason];
}

function finishedMarker(id: string, exit: SagaExit): readonly (readonly (string | null)[])[] {
  switch (exit.kind) {
    case 'ends':
      return [[id, exit.marker, exit.marker === 'dead' ? exit.reason : null]];
    case 'pauses':
      return exit.freesKey ? [[id, 'done', null]] : [];
    case 'stays':
    case 'waits':
      return [];
  }
}

function charactersOf(records: readonly SagaRecord[]): number {
  return records.reduce(
    (sum, each) => sum + each.transitions.reduce((rows, row) => rows + charactersOfRow(row), 200),
    0,
  );
}

function charactersOfRow({ result, reason }: SagaRecord['transitions'][number]): number {
  return 200 + (reason?.length ?? 0) + (result === null ? 0 : JSON.stringify(result).length);
}
