import type {
  AuditEntry,
  AuditRow,
  MarkerFilter,
  MarkerSummary,
  OperatedExit,
  OperationDetails,
  OperatorKey,
  OperatorStore,
  PageRequest,
  RepairRunRow,
  SagaFilter,
  SagaSummary,
  SessionRow,
  Transition,
  TypeBacklog,
  TypePause,
} from '@tenon/core';
import type { NewKey } from '../../operator/key';
import type { Database } from '../database';
import { backlog } from './backlog';
import { createKey, findKey, listKeys, revokeKey } from './keys';
import { listAudit, listMarkers, listRepairRuns, listSagas, listSessions } from './lists';
import { findOperation } from './operation';
import { pauseType, pausedTypes, resumeType } from './pauses';
import { discard, operate, redrive, withdraw, writeAudit } from './verbs';

/** PostgreSQL, as operators need it. On the engine's connections, because its pool is the one that is always there. */
export class PostgresOperatorStore implements OperatorStore {
  constructor(private readonly database: Database) {}

  listSagas(filter: SagaFilter, page: PageRequest): Promise<readonly SagaSummary[]> {
    return listSagas(this.database, filter, page);
  }

  listMarkers(filter: MarkerFilter, page: PageRequest): Promise<readonly MarkerSummary[]> {
    return listMarkers(this.database, filter, page);
  }

  listSessions(page: PageRequest): Promise<readonly SessionRow[]> {
    return listSessions(this.database, page);
  }

  listRepairRuns(page: PageRequest): Promise<readonly RepairRunRow[]> {
    return listRepairRuns(this.database, page);
  }

  listAudit(page: PageRequest): Promise<readonly AuditRow[]> {
    return listAudit(this.database, page);
  }

  findOperation(id: string): Promise<OperationDetails | null> {
    return findOperation(this.database, id);
  }

  backlog(): Promise<readonly TypeBacklog[]> {
    return backlog(this.database);
  }

  operate(id: string, row: Transition, exit: OperatedExit, audit: AuditEntry): Promise<boolean> {
    return operate(this.database, id, row, exit, audit);
  }

  withdraw(id: string, reason: string, audit: AuditEntry): Promise<boolean> {
    return withdraw(this.database, id, reason, audit);
  }

  redrive(id: string, audit: AuditEntry): Promise<string | null> {
    return redrive(this.database, id, audit);
  }

  discard(id: string, reason: string, audit: AuditEntry): Promise<boolean> {
    return discard(this.database, id, reason, audit);
  }

  pauseType(pause: Omit<TypePause, 'at'>, audit: AuditEntry): Promise<boolean> {
    return pauseType(this.database, pause, audit);
  }

  resumeType(type: string, audit: AuditEntry): Promise<boolean> {
    return resumeType(this.database, type, audit);
  }

  pausedTypes(): Promise<readonly TypePause[]> {
    return pausedTypes(this.database);
  }

  writeAudit(audit: AuditEntry): Promise<void> {
    return writeAudit(this.database, audit);
  }

  createKey(key: NewKey, audit: AuditEntry): Promise<string> {
    return createKey(this.database, key, audit);
  }

  revokeKey(name: string, audit: AuditEntry): Promise<boolean> {
    return revokeKey(this.database, name, audit);
  }

  findKey(hash: string): Promise<OperatorKey | null> {
    return findKey(this.database, hash);
  }

  listKeys(): Promise<readonly OperatorKey[]> {
    return listKeys(this.database);
  }
}
