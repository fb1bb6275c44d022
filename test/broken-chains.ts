import { isLegalSagaMove, type SagaState } from '@tenon/core';

interface Move {
  readonly id: string;
  readonly seq: number;
  readonly a: SagaState;
  readonly b: SagaState;
}

/** Sagas whose history has a gap, an illegal move, or another end than the saga's state. */
export async function brokenChains(
  query: <Row>(sql: string) => Promise<readonly Row[]>,
): Promise<readonly string[]> {
  const states = await query<{ id: string; state: SagaState }>('SELECT id, state FROM saga');
  const moves = await query<Move>(
    'SELECT saga_id AS id, seq, from_state AS a, to_state AS b FROM saga_transition ORDER BY saga_id, seq',
  );
  const ends = new Map<string, { seq: number; state: SagaState }>(
    states.map(({ id }) => [id, { seq: 0, state: 'ready' }]),
  );
  const broken = new Set<string>();
  for (const { id, seq, a, b } of moves) {
    const before = ends.get(id);
    const follows = before?.seq === seq - 1 && before.state === a;
    if (!follows || !isLegalSagaMove(a, b)) broken.add(id);
    ends.set(id, { seq, state: b });
  }
  for (const { id, state } of states) if (ends.get(id)?.state !== state) broken.add(id);
  return [...broken];
}
