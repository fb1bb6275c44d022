import type { MarkerStatus, SagaState } from '@tenon/core';
import type { AdminBed } from './admin-bed';

/** Rows as other processes would leave them, written in plain SQL. */
export interface Plant {
  /** Answers the id. */
  marker(marker: {
    readonly type: string;
    readonly key?: string;
    readonly status?: MarkerStatus;
    readonly reason?: string;
    readonly dueInS?: number;
  }): Promise<string>;
  saga(saga: {
    readonly id: string;
    readonly type: string;
    readonly state: SagaState;
    readonly version?: number;
    readonly sessionId?: string;
    readonly isQueued?: boolean;
    readonly reason?: string;
    readonly dueInS?: number;
  }): Promise<void>;
  /** A session of another process. Answers the id. */
  session(session: {
    readonly roles: readonly string[];
    readonly versions: Readonly<Record<string, readonly number[]>>;
    readonly expiresInS?: number;
  }): Promise<string>;
}

export function plantIn(bed: AdminBed): Plant {
  let last = 1_000_000;
  const nextId = (): string => String((last += 1));
  const quoted = (text: string | undefined): string =>
    text === undefined ? 'NULL' : `'${text.replaceAll("'", "''")}'`;
  return {
    marker: async ({ type, key, status = 'pending', reason, dueInS = 0 }) => {
      const id = nextId();
      await bed.rows(
        `INSERT INTO op_log (id, op_type, op_key, status, reason, due_at)
         VALUES (${id}, '${type}', ${quoted(key)}, '${status}', ${quoted(reason)}, ${bed.inSeconds(dueInS)})`,
      );
      return id;
    },
    saga: async ({ id, type, state, version = 1, sessionId, isQueued = false, reason, dueInS }) => {
      const dueAt = dueInS === undefined ? 'NULL' : bed.inSeconds(dueInS);
      await bed.rows(
        `INSERT INTO saga (id, type, version, state, session_id, is_queued, reason, due_at)
         VALUES (${id}, '${type}', ${version}, '${state}', ${sessionId ?? 'NULL'}, ${isQueued}, ${quoted(reason)}, ${dueAt})`,
      );
    },
    session: async ({ roles, versions, expiresInS = 60 }) => {
      const id = nextId();
      const json = (value: object): string => quoted(JSON.stringify(value));
      await bed.rows(
        `INSERT INTO worker_session (id, worker, types, roles, versions, expires_at)
         VALUES (${id}, 'worker-${id}', ${json(Object.keys(versions))}, ${json(roles)}, ${json(versions)}, ${bed.inSeconds(expiresInS)})`,
      );
      return id;
    },
  };
}
