import type { MigrationInterface, QueryRunner } from 'typeorm';
import { hasColumn } from './has-column';
import { makeTables } from './make-tables';

/**
 * What operators need: verbs in the history, pauses of types, keys, the audit log, and indexes for their lists.
 *
 * These servers commit every ALTER TABLE by itself. Each part therefore looks first whether an earlier run that died
 * half-way has made it.
 */
export class TenonOperating1763900000003 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await makeTables(queryRunner, TABLES);
    for (const { table, column, alter } of COLUMNS) {
      if (!(await hasColumn(queryRunner, table, column)))
        await queryRunner.query(`ALTER TABLE ${table} ${alter}`);
    }
    await queryRunner.query(
      'INSERT INTO tenon_schema (version) VALUES (3) ON DUPLICATE KEY UPDATE version = 3',
    );
  }

  async down(): Promise<void> {
    throw new Error("Tenon's migrations go forward only. Restore a backup to go back.");
  }
}

/** One ALTER TABLE per table, all or nothing; `column` is one that it adds. */
const COLUMNS = [
  {
    table: 'op_log',
    column: 'priority',
    // The intake looks up each priority on its own: what is not yet due of a higher one is not in the way.
    // `is_waiting` and `is_set_aside` stand for partial indexes: of those that wait, and of those that people look after
    // (dead ones, and what became of them). A generated column may not use an AUTO_INCREMENT one.
    alter: `
      ADD COLUMN priority smallint NOT NULL DEFAULT 0,
      ADD COLUMN deadline_at timestamp(3) NULL DEFAULT NULL,
      ADD COLUMN trace_context varchar(512) NULL,
      ADD COLUMN is_waiting boolean AS (CASE WHEN status IN ('pending', 'parked') THEN true END) VIRTUAL,
      ADD COLUMN is_set_aside boolean AS
        (CASE WHEN status = 'dead' OR (status = 'done' AND reason IS NOT NULL) THEN true END) VIRTUAL,
      ADD CONSTRAINT op_log_priority CHECK (priority BETWEEN -1 AND 1),
      DROP KEY op_log_pending,
      ADD KEY op_log_pending (status, op_type, priority, due_at, id),
      ADD KEY op_log_by_key (op_key, id),
      ADD KEY op_log_waiting (is_waiting, id),
      ADD KEY op_log_set_aside (is_set_aside, id)`,
  },
  {
    table: 'saga',
    column: 'live_id',
    // Lists of sagas. The virtual columns stand for partial indexes: of those that live, of those that are paused, and of
    // those that ended by their state.
    alter: `
      ADD COLUMN live_id bigint AS (CASE WHEN finished_at IS NULL THEN id END) VIRTUAL,
      ADD COLUMN paused_id bigint AS
        (CASE WHEN session_id IS NULL AND due_at IS NULL AND finished_at IS NULL THEN id END) VIRTUAL,
      ADD COLUMN ended_state varchar(16) AS (CASE WHEN finished_at IS NOT NULL THEN state END) VIRTUAL,
      ADD KEY saga_type (type, ended_state, id),
      ADD KEY saga_live (live_id),
      ADD KEY saga_paused (paused_id),
      ADD KEY saga_ended (ended_state, id)`,
  },
  {
    table: 'saga_transition',
    column: 'verb',
    alter: `
      ADD COLUMN verb varchar(16) NULL,
      ADD CONSTRAINT saga_transition_verb
        CHECK (verb IN ('retry', 'resume', 'skip', 'mark-done', 'cancel', 'kill')),
      DROP CONSTRAINT saga_transition_outcome,
      ADD CONSTRAINT saga_transition_outcome
        CHECK (outcome IN ('succeeded', 'refused', 'failed', 'empty', 'moved', 'skipped'))`,
  },
  {
    table: 'worker_session',
    column: 'roles',
    // Sessions of yesterday's programs knew neither; they count as able to do both, and to run no version.
    alter: `
      ADD COLUMN roles json NOT NULL DEFAULT (json_array('relay', 'worker')),
      ADD COLUMN versions json NOT NULL DEFAULT (json_object())`,
  },
] as const;

const TABLES = {
  operation_pause: `
    type      varchar(100) NOT NULL PRIMARY KEY,
    paused_by varchar(190) NOT NULL,
    reason    text         NOT NULL,
    at        timestamp(3) NOT NULL DEFAULT current_timestamp(3)`,

  // \`living_name\`: a name can be used again once its key is revoked.
  admin_key: `
    id          bigint       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name        varchar(100) NOT NULL,
    role        varchar(16)  NOT NULL,
    hash        char(64)     NOT NULL,
    created_at  timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    revoked_at  timestamp(3) NULL DEFAULT NULL,
    living_name varchar(100) AS (CASE WHEN revoked_at IS NULL THEN name END) VIRTUAL,
    UNIQUE KEY admin_key_hash (hash),
    UNIQUE KEY admin_key_name (living_name),
    CONSTRAINT admin_key_role CHECK (role IN ('viewer', 'operator', 'admin'))`,

  admin_audit: `
    id     bigint       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at     timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    actor  varchar(190) NOT NULL,
    role   varchar(16)  NOT NULL,
    verb   varchar(32)  NOT NULL,
    target varchar(190) NOT NULL,
    reason text         NULL,
    detail json         NULL`,
} as const;
