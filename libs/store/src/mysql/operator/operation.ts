import type { OperationDetails } from '@tenon/core';
import { isId } from '../../operator/page';
import { rowsOf } from '../connection';
import type { Database } from '../database';
import { historiesOf } from '../history';
import { jsonOf } from '../row';
import { LOAD_HISTORY } from '../sql';
import * as SQL from './operator-sql';
import {
  markerSummary,
  sagaSummary,
  sessionRow,
  typePause,
  type MarkerSummaryRow,
  type PauseRow,
  type SagaSummaryRow,
  type SessionSummaryRow,
} from './rows';

interface OperationRow extends MarkerSummaryRow {
  readonly payload: string;
  readonly idempotency_key: string | null;
  readonly deadline_at: Date | null;
  readonly trace_context: string | null;
  readonly due_in_ms: string;
}

interface SagaDetailsRow extends SagaSummaryRow {
  readonly fence: number;
  readonly crashes: number;
  readonly is_queued: number;
  readonly due_in_ms: string | null;
}

type Fence = OperationDetails['fences'][number];
type Behind = NonNullable<OperationDetails['behind']>;

/** One operation in full, or null. All of it is of one moment. */
export async function findOperation(
  database: Database,
  text: string,
): Promise<OperationDetails | null> {
  if (!isId(text)) return null;
  const id = BigInt(text);
  const [marker, saga, history, fences, holder, behind, pause] = await database.snapshot(
    [SQL.FIND_OPERATION, id],
    [SQL.FIND_ITS_SAGA, id],
    [LOAD_HISTORY, [id]],
    [SQL.FIND_ITS_FENCES, id],
    [SQL.FIND_ITS_HOLDER, id],
    [SQL.FIND_BEHIND, id],
    [SQL.FIND_ITS_PAUSE, id],
  );
  const [row] = rowsOf<OperationRow>(marker);
  if (row === undefined) return null;
  return {
    id: row.id,
    marker: markerDetails(row),
    saga: mapped(rowsOf<SagaDetailsRow>(saga)[0], sagaDetails),
    history: historiesOf(history).get(row.id) ?? [],
    fences: rowsOf<Fence>(fences).map(({ step, phase, fence, at }) => ({ step, phase, fence, at })),
    holder: mapped(rowsOf<SessionSummaryRow>(holder)[0], sessionRow),
    behind: mapped(rowsOf<Behind>(behind)[0], ({ id, type, state }) => ({ id, type, state })),
    pause: mapped(rowsOf<PauseRow>(pause)[0], typePause),
  };
}

function markerDetails(row: OperationRow): OperationDetails['marker'] {
  return {
    ...markerSummary(row),
    payload: jsonOf(row.payload),
    idempotencyKey: row.idempotency_key,
    deadlineAt: row.deadline_at,
    traceContext: row.trace_context,
    dueInMs: Number(row.due_in_ms),
  };
}

function sagaDetails(row: SagaDetailsRow): NonNullable<OperationDetails['saga']> {
  return {
    ...sagaSummary(row),
    fence: row.fence,
    crashes: row.crashes,
    isQueued: row.is_queued === 1,
    dueInMs: row.due_in_ms === null ? null : Number(row.due_in_ms),
  };
}

function mapped<From, To>(from: From | undefined, map: (from: From) => To): To | null {
  return from === undefined ? null : map(from);
}
