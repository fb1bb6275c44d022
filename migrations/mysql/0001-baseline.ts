import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * All tables of `docs/schema.md`, for MySQL 8 (from 8.0.17) and MariaDB (from 10.6).
 *
 * The lists of states are repeated here on purpose: a migration never changes again, whatever the program's own table of
 * states becomes. A test compares the two.
 *
 * These servers commit every CREATE TABLE by itself, so a migration that dies half-way leaves some tables behind. Each
 * therefore carries a comment by which the next run knows it for its own work and goes on; a table of that name that
 * someone else made is refused.
 */
export class TenonBaseline1763800000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await refuseForeignTables(queryRunner);
    const collation = await binaryCollation(queryRunner);
    for (const [table, columns] of Object.entries(TABLES)) {
      await queryRunner.query(
        `CREATE TABLE IF NOT EXISTS ${table} (${columns}) ENGINE = InnoDB ` +
          `DEFAULT CHARACTER SET utf8mb4 COLLATE ${collation} COMMENT '${MARK}'`,
      );
    }
    await queryRunner.query(
      'INSERT INTO tenon_schema (version) VALUES (1) ON DUPLICATE KEY UPDATE version = 1',
    );
  }

  async down(): Promise<void> {
    throw new Error("Tenon's migrations go forward only. Restore a backup to go back.");
  }
}

const MARK = 'Tenon';

/**
 * Keys are compared byte by byte: `Abc`, `abc`, `Abc ` and `Ábc` are four keys. The usual collations take some of them for
 * one, and utf8mb4_bin, which both servers have, pays no heed to trailing spaces. The collation that does has a name of
 * its own on either server. (VARBINARY would serve both, but shows people hexadecimal, and takes a client's bytes as they
 * are, so that one key written through two client character sets becomes two.)
 */
async function binaryCollation(queryRunner: QueryRunner): Promise<string> {
  const rows = (await queryRunner.query('SELECT version() AS version')) as readonly {
    readonly version: string;
  }[];
  return rows[0]?.version.includes('MariaDB') === true ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
}

async function refuseForeignTables(queryRunner: QueryRunner): Promise<void> {
  const foreign = (await queryRunner.query(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = database() AND table_name IN (?) AND table_comment <> ?`,
    [Object.keys(TABLES), MARK],
  )) as readonly { readonly name: string }[];
  if (foreign.length === 0) return;
  throw new Error(
    `This database has tables that Tenon needs and did not make: ${foreign.map((table) => table.name).join(', ')}. ` +
      'Give Tenon a database in which these names are free.',
  );
}

// Instants are TIMESTAMPs, which are kept in UTC whatever the time zone of the session that writes them: a plain INSERT
// with `now() + interval 1 hour` means what it says. A DATETIME would keep that session's wall clock. The price is
// MySQL's last instant of 2038-01-19 (MariaDB's 2106, from 11.5): what would be due later is due then.
const TABLES = {
  tenon_schema: `
    version    int          NOT NULL PRIMARY KEY,
    applied_at timestamp(3) NOT NULL DEFAULT current_timestamp(3)`,

  // Two virtual columns stand for PostgreSQL's partial indexes. `live_key` holds the key of a marker that others wait for:
  // the first entry of op_log_key is the head of its key, and markers that are done are not in the way. `taken_key` holds
  // that of a marker that runs or is paused, of which there is never more than one. What the intake reads is
  // op_log_pending, in which 100,000 parked markers of one key cost the others nothing.
  op_log: `
    id              bigint       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    op_type         varchar(100) NOT NULL,
    op_key          varchar(190) NULL,
    payload         json         NOT NULL DEFAULT (json_object()),
    status          varchar(16)  NOT NULL DEFAULT 'pending',
    idempotency_key varchar(190) NULL,
    due_at          timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    created_at      timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    finished_at     timestamp(3) NULL DEFAULT NULL,
    reason          text         NULL,
    live_key        varchar(190) AS (CASE WHEN status IN ('pending', 'parked', 'taken') THEN op_key END) VIRTUAL,
    taken_key       varchar(190) AS (CASE WHEN status = 'taken' THEN op_key END) VIRTUAL,
    UNIQUE KEY op_log_idempotency (op_type, idempotency_key),
    KEY op_log_pending (status, op_type, due_at, id),
    KEY op_log_key (live_key, id),
    UNIQUE KEY op_log_taken (taken_key),
    CONSTRAINT op_log_status CHECK (status IN ('pending', 'parked', 'taken', 'done', 'dead'))`,

  // Sagas that nobody holds and that will go on by themselves have no session and a due_at; those that ended or are
  // paused have neither.
  saga: `
    id          bigint       NOT NULL PRIMARY KEY,
    type        varchar(100) NOT NULL,
    version     int          NOT NULL,
    state       varchar(16)  NOT NULL DEFAULT 'ready',
    seq         int          NOT NULL DEFAULT 0,
    fence       int          NOT NULL DEFAULT 0,
    session_id  bigint       NULL,
    due_at      timestamp(3) NULL DEFAULT NULL,
    is_queued   boolean      NOT NULL DEFAULT false,
    crashes     int          NOT NULL DEFAULT 0,
    reason      text         NULL,
    created_at  timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    finished_at timestamp(3) NULL DEFAULT NULL,
    KEY saga_due (session_id, type, due_at, id),
    CONSTRAINT saga_state CHECK (state IN ('ready', 'running', 'trying', 'confirming', 'cancelling', 'compensating',
      'completed', 'compensated', 'paused', 'killed'))`,

  saga_transition: `
    saga_id     bigint       NOT NULL,
    seq         int          NOT NULL,
    step        varchar(100) NULL,
    phase       varchar(16)  NULL,
    attempt     int          NOT NULL,
    from_state  varchar(16)  NOT NULL,
    to_state    varchar(16)  NOT NULL,
    outcome     varchar(16)  NOT NULL,
    error_code  varchar(64)  NULL,
    reason      text         NULL,
    result      json         NULL,
    duration_ms int          NOT NULL,
    fence       int          NOT NULL,
    session_id  bigint       NULL,
    at          timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    PRIMARY KEY (saga_id, seq),
    CONSTRAINT saga_transition_phase CHECK (phase IN ('action', 'compensate', 'try', 'confirm', 'cancel')),
    CONSTRAINT saga_transition_from_state CHECK (from_state IN ('ready', 'running', 'trying', 'confirming',
      'cancelling', 'compensating', 'completed', 'compensated', 'paused', 'killed')),
    CONSTRAINT saga_transition_to_state CHECK (to_state IN ('ready', 'running', 'trying', 'confirming',
      'cancelling', 'compensating', 'completed', 'compensated', 'paused', 'killed')),
    CONSTRAINT saga_transition_outcome CHECK (outcome IN ('succeeded', 'refused', 'failed', 'empty', 'moved'))`,

  saga_fence: `
    saga_id    bigint       NOT NULL,
    step       varchar(100) NOT NULL,
    phase      varchar(16)  NOT NULL,
    fence      int          NOT NULL,
    session_id bigint       NULL,
    at         timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    PRIMARY KEY (saga_id, step, phase),
    CONSTRAINT saga_fence_phase CHECK (phase IN ('action', 'compensate', 'try', 'confirm', 'cancel'))`,

  worker_session: `
    id         bigint       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    worker     varchar(190) NOT NULL,
    types      json         NOT NULL,
    started_at timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    renewed_at timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    expires_at timestamp(3) NOT NULL DEFAULT current_timestamp(3),
    ended_at   timestamp(3) NULL DEFAULT NULL,
    has_lapsed boolean      NOT NULL DEFAULT false,
    KEY worker_session_living (ended_at, expires_at)`,

  repair_run: `
    id          bigint       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    rule        varchar(100) NOT NULL,
    found       int          NOT NULL,
    repaired    int          NOT NULL,
    duration_ms int          NOT NULL,
    error       text         NULL,
    at          timestamp(3) NOT NULL DEFAULT current_timestamp(3)`,
} as const;
