import type { HeldSaga, RecordedTransition } from '@tenon/core';
import { rowsOf, type Answer, type Statement } from './connection';
import { heldSaga, recordedTransition, type SagaRow, type TransitionRow } from './row';
import { LOAD, LOAD_HISTORY } from './sql';

/** Two statements that ask for sagas that a session holds, with their histories; {@link heldSagas} reads the answers. */
export function loading(ids: readonly bigint[], sessionId: string): readonly Statement[] {
  return [
    [LOAD, ids, BigInt(sessionId)],
    [LOAD_HISTORY, ids],
  ];
}

export function heldSagas([sagas, transitions]: readonly Answer[]): readonly HeldSaga[] {
  const histories = historiesOf(transitions);
  return rowsOf<SagaRow>(sagas).map((row) => heldSaga(row, histories.get(row.id) ?? []));
}

/** The histories of sagas, by id; one that has none yet is missing. */
export function historiesOf(
  answer: Answer | undefined,
): ReadonlyMap<string, readonly RecordedTransition[]> {
  const histories = new Map<string, RecordedTransition[]>();
  for (const row of rowsOf<TransitionRow>(answer)) {
    const history = histories.get(row.saga_id);
    if (history === undefined) histories.set(row.saga_id, [recordedTransition(row)]);
    else history.push(recordedTransition(row));
  }
  return histories;
}
