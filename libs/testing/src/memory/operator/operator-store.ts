import {
  TYPE_LENGTH_MAX,
  UsageError,
  type AuditEntry,
  type AuditRow,
  type MarkerFilter,
  type MarkerSummary,
  type OperatedExit,
  type OperationDetails,
  type OperatorKey,
  type OperatorStore,
  type PageRequest,
  type RepairRunRow,
  type SagaFilter,
  type SagaSummary,
  type SessionRow,
  type Transition,
  type TypeBacklog,
  type TypePause,
} from '@tenon/core';
import type { MemoryDatabase } from '../memory-database';
import { backlog } from './backlog';
import { createKey, findKey, listKeys, revokeKey } from './keys';
import { listMarkers, listSagas, listSessions } from './lists';
import { findOperation } from './operation';
import { pageOf } from './pages';
import { discard, operate, redrive, withdraw, writeAudit } from './verbs';

/** The memory store, as operators need it. */
export class MemoryOperatorStore implements OperatorStore {
  constructor(private readonly database: MemoryDatabase) {}

  async listSagas(filter: SagaFilter, page: PageRequest): Promise<readonly SagaSummary[]> {
    return listSagas(this.database, filter, page);
  }

  async listMarkers(filter: MarkerFilter, page: PageRequest): Promise<readonly MarkerSummary[]> {
    return listMarkers(this.database, filter, page);
  }

  async listSessions(page: PageRequest): Promise<readonly SessionRow[]> {
    return listSessions(this.database, page);
  }

  async listRepairRuns(page: PageRequest): Promise<readonly RepairRunRow[]> {
    return pageOf(this.database.repairRuns, page);
  }

  async listAudit(page: PageRequest): Promise<readonly AuditRow[]> {
    return pageOf(this.database.audit, page);
  }

  async findOperation(id: string): Promise<OperationDetails | null> {
    return findOperation(this.database, id);
  }

  async backlog(): Promise<readonly TypeBacklog[]> {
    return backlog(this.database);
  }

  async operate(
    id: string,
    row: Transition,
    exit: OperatedExit,
    audit: AuditEntry,
  ): Promise<boolean> {
    return operate(this.database, id, row, exit, audit);
  }

  async withdraw(id: string, reason: string, audit: AuditEntry): Promise<boolean> {
    return withdraw(this.database, id, reason, audit);
  }

  async redrive(id: string, audit: AuditEntry): Promise<string | null> {
    return redrive(this.database, id, audit);
  }

  async discard(id: string, reason: string, audit: AuditEntry): Promise<boolean> {
    return discard(this.database, id, reason, audit);
  }

  async pauseType(pause: Omit<TypePause, 'at'>, audit: AuditEntry): Promise<boolean> {
    const { type } = pause;
    if (type.length === 0 || type.length > TYPE_LENGTH_MAX || type.includes('\0'))
      throw new UsageError('TENON_USAGE', `A type has 1 to ${TYPE_LENGTH_MAX} characters.`);
    if (this.database.pauses.has(type)) return false;
    this.database.pauses.set(type, { ...pause, at: this.database.clock.date() });
    writeAudit(this.database, audit);
    return true;
  }

  async resumeType(type: string, audit: AuditEntry): Promise<boolean> {
    if (!this.database.pauses.delete(type)) return false;
    writeAudit(this.database, audit);
    return true;
  }

  async pausedTypes(): Promise<readonly TypePause[]> {
    return [...this.database.pauses.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
  }

  async writeAudit(audit: AuditEntry): Promise<void> {
    writeAudit(this.database, audit);
  }

  async createKey(
    key: Parameters<OperatorStore['createKey']>[0],
    audit: AuditEntry,
  ): Promise<string> {
    return createKey(this.database, key, audit);
  }

  async revokeKey(name: string, audit: AuditEntry): Promise<boolean> {
    return revokeKey(this.database, name, audit);
  }

  async findKey(hash: string): Promise<OperatorKey | null> {
    return findKey(this.database, hash);
  }

  async listKeys(): Promise<readonly OperatorKey[]> {
    return listKeys(this.database);
  }
}
