import type {
  AuditRow,
  MarkerFilter,
  MarkerSummary,
  PageRequest,
  RepairRunRow,
  SagaFilter,
  SagaSummary,
  SessionRow,
} from '@tenon/core';
import type { QueryResultRow } from 'pg';
import { markerFilterOf, sagaFilterOf } from '../../operator/filter';
import { idRange, type Appended } from '../../operator/id-range';
import { pageOf, type Page } from '../../operator/page';
import { probesForMarkers, probesForSagas } from '../../operator/probe';
import type { Database } from '../database';
import type { Statement } from '../sql';
import * as SQL from './operator-sql';
import { markerPage, plainPage, sagaPage, type Question } from './page-sql';
import * as rows from './rows';

export async function listSagas(
  database: Database,
  asked: SagaFilter,
  request: PageRequest,
): Promise<readonly SagaSummary[]> {
  const [filter, page] = [sagaFilterOf(asked), pageOf(request)];
  if (filter === null || page === null) return [];
  const range = await idRange(markersByTime(database), filter);
  const question = sagaPage(probesForSagas(filter), filter, page, range);
  return (await ask<rows.SagaSummaryRow>(database, question)).map(rows.sagaSummary);
}

export async function listMarkers(
  database: Database,
  asked: MarkerFilter,
  request: PageRequest,
): Promise<readonly MarkerSummary[]> {
  const [filter, page] = [markerFilterOf(asked), pageOf(request)];
  if (filter === null || page === null) return [];
  const question = markerPage(probesForMarkers(filter), filter, page);
  return (await ask<rows.MarkerSummaryRow>(database, question)).map(rows.markerSummary);
}

export async function listSessions(
  database: Database,
  request: PageRequest,
): Promise<readonly SessionRow[]> {
  const found = await plainRows<rows.SessionSummaryRow>(database, request, (page) =>
    plainPage(SQL.SESSION, 'worker_session', 'w', page, SQL.IS_RECENT_SESSION),
  );
  return found.map(rows.sessionRow);
}

export async function listRepairRuns(
  database: Database,
  request: PageRequest,
): Promise<readonly RepairRunRow[]> {
  const found = await plainRows<rows.RepairRow>(database, request, (page) =>
    plainPage(SQL.REPAIR_RUN, 'repair_run', 'r', page),
  );
  return found.map(rows.repairRunRow);
}

export async function listAudit(
  database: Database,
  request: PageRequest,
): Promise<readonly AuditRow[]> {
  const found = await plainRows<rows.AuditLogRow>(database, request, (page) =>
    plainPage(SQL.AUDIT_ROW, 'admin_audit', 'a', page),
  );
  return found.map(rows.auditRow);
}

async function plainRows<Row extends QueryResultRow>(
  database: Database,
  request: PageRequest,
  questionOf: (page: Page) => Question,
): Promise<readonly Row[]> {
  const page = pageOf(request);
  return page === null ? [] : ask<Row>(database, questionOf(page));
}

function ask<Row extends QueryResultRow>(
  database: Database,
  { statement, values }: Question,
): Promise<readonly Row[]> {
  return database.readInOrder<Row>(statement, values);
}

function markersByTime(database: Database): Parameters<typeof idRange>[0] {
  const one = async (
    statement: Statement,
    values: readonly unknown[] = [],
  ): Promise<Appended | null> => {
    const [row] = await database.read<{ readonly id: string; readonly at_ms: number }>(
      statement,
      values,
    );
    return row === undefined ? null : { id: BigInt(row.id), atMs: row.at_ms };
  };
  return {
    first: () => one(SQL.FIRST_MARKER),
    last: () => one(SQL.LAST_MARKER),
    firstFrom: (id) => one(SQL.MARKER_FROM, [id]),
  };
}
