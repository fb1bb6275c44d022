import type { RecordAnswer, SagaExit, SagaRecord } from '@tenon/core';
import { recordInParts } from '../record-in-parts';
import type { Database } from './database';
import { classifyPostgresError, isUniqueViolation } from './errors';
import { byId, transitionColumns } from './row';
import { RECORD } from './sql';

/** Records many sagas, in one statement if the database takes them all. */
export async function record(
  database: Database,
  records: readonly SagaRecord[],
  sessionId: string,
): Promise<RecordAnswer> {
  return recordInParts([...records].sort(byId), {
    write: async (part) => (await recordAll(database, part, sessionId)).map(({ id }) => id),
    classify: classifyPostgresError,
    fits: () => true,
  });
}

/**
 * A history's next number may be written by someone else while this statement is on its way. It then fails as a whole; sent
 * again, it sees the longer history and leaves that saga out.
 */
async function recordAll(
  database: Database,
  records: readonly SagaRecord[],
  sessionId: string,
): Promise<readonly { readonly id: string }[]> {
  const values = [sessionId, ...entryColumns(records), ...historyColumns(records)];
  try {
    return await database.write<{ readonly id: string }>(RECORD, values);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return database.write<{ readonly id: string }>(RECORD, values);
  }
}

function entryColumns(records: readonly SagaRecord[]): readonly (readonly unknown[])[] {
  return [
    records.map(({ id }) => id),
    records.map(({ fence }) => fence),
    records.map(({ state }) => state),
    records.map(({ seq }) => seq),
    records.map(({ transitions }) => transitions.length),
    records.map(({ exit }) => exit.kind),
    records.map(({ exit }) => (exit.kind === 'waits' ? exit.delayMs : null)),
    records.map(({ exit }) => ('reason' in exit ? exit.reason : null)),
    records.map(({ exit }) => markerAfter(exit)),
  ];
}

function historyColumns(records: readonly SagaRecord[]): readonly (readonly unknown[])[] {
  const ids = records.flatMap(({ id, transitions }) => transitions.map(() => id));
  return [ids, ...transitionColumns(records.flatMap(({ transitions }) => transitions))];
}

/** The status that the saga's marker takes on, or null where it keeps its own. */
function markerAfter(exit: SagaExit): 'done' | 'dead' | null {
  switch (exit.kind) {
    case 'ends':
      return exit.marker;
    case 'pauses':
      return exit.freesKey ? 'done' : null;
    case 'stays':
    case 'waits':
      return null;
  }
}
