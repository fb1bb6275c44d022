// Every statement of the MySQL family, in the order and under the names of ../postgres/sql.ts. What differs:
// - No UPDATE … RETURNING and no writing CTE. What is one statement there is a transaction here: a statement that finds
//   and locks (it has the operation's name where that does the work), a decision in the program, and statements that
//   write by id, several to a packet.
// - No partial index: `live_key` and `taken_key` are virtual columns that are null once a marker holds its key, or runs,
//   no more.
// - Rows travel as one JSON text that JSON_TABLE unfolds. Its text columns are wider than their targets, because a value
//   that does not fit into the former becomes NULL without a word, and one that does not fit into the latter is refused.
// - What is read or written by ids is made to use the primary key: an optimizer that prefers to scan a small table would
//   wait for rows that others have locked.
// - LOCK IN SHARE MODE, because MariaDB does not know FOR SHARE.
// `?` is filled in by the driver; a list fills `IN (?)`.

/** What every connection of the engine begins with. Waits for locks are short: whoever gives up tries again. */
export const SESSION_SETTINGS = `
  SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = 5;
  SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`;

/**
 * A process that freezes between two packets of a transaction would keep its locks until it wakes; the server ends its
 * connection after these seconds instead. (MySQL has no time-out for idle transactions alone.)
 */
export const BEGIN = 'SET SESSION wait_timeout = 10; START TRANSACTION';
export const COMMIT = 'COMMIT; SET SESSION wait_timeout = DEFAULT';
export const ROLLBACK = 'ROLLBACK; SET SESSION wait_timeout = DEFAULT';
/** Each of the three above is two statements, and so is SNAPSHOT. */
export const STATEMENTS_OF_BEGIN = 2;

/** What follows is read as it stood at one moment, and locks nothing; then END_SNAPSHOT. */
export const SNAPSHOT = `
  SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
  START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`;
export const END_SNAPSHOT = 'COMMIT';

/** A session that may still hold sagas: one row or none. Shared, so that it is not ended before this commits. */
export const LIVING_SESSION = `
  SELECT id FROM worker_session WHERE id = ? AND ended_at IS NULL AND expires_at > now(3) LOCK IN SHARE MODE`;

/** A parameter of its own, not the row's type: so it is looked up once, before any row is read or locked. */
const NOT_PAUSED = 'NOT EXISTS (SELECT 1 FROM operation_pause p WHERE p.type = ?)';

/** For statements whose rows may be of any type. Behind the locks that they take. */
export const PAUSED_TYPES = 'SELECT type FROM operation_pause';

const milliseconds = (value: string) => `INTERVAL ${value} * 1000 MICROSECOND`;

/**
 * An instant that many milliseconds from now, at the latest TIMESTAMP's last one. By way of the seconds since 1970,
 * because the caller's session may have a time zone in which hours are left out or come twice.
 */
const later = (milliseconds: string) =>
  `from_unixtime(least(unix_timestamp(now(3)) + ${milliseconds} / 1000, 2147483647))`;

/** What a saga is told of its marker besides the key. */
const promised = (marker: string) =>
  `${marker}.payload, timestampdiff(MICROSECOND, now(3), ${marker}.deadline_at) / 1000 AS deadline_in_ms, ${marker}.trace_context`;

// ---- append

/** Plain, not INSERT IGNORE, which swallows other faults than duplicates. Error 1062 undoes the statement only. */
export const APPEND_MARKERS =
  'INSERT INTO op_log (op_type, op_key, payload, idempotency_key, priority, trace_context, due_at, deadline_at) VALUES';

/** One marker's values: the columns that are given as they are, then one of three due times, then one of two deadlines. */
export const MARKER_PLAIN = '?, ?, ?, ?, ?, ?';
export const MARKER_DUE_NOW = 'current_timestamp(3)';
export const MARKER_DUE_LATER = later('?');
export const MARKER_DUE_AT = 'from_unixtime(?)';
export const MARKER_NO_DEADLINE = 'NULL';
export const MARKER_DEADLINE = later('?');

/** The ids of one INSERT are this far apart: more than 1 where several servers write. */
export const ID_STEP = 'SELECT @@auto_increment_increment AS step';

/** A locking read, because the caller's snapshot may be older than the row that its INSERT ran into. */
export const FIND_APPENDED = `
  SELECT CAST(id AS char) AS id FROM op_log FORCE INDEX (op_log_idempotency)
  WHERE op_type = ? AND idempotency_key = ? LOCK IN SHARE MODE`;

// ---- sessions

export const OPEN_SESSION = `
  INSERT INTO worker_session (worker, types, expires_at, roles, versions)
  VALUES (left(?, 190), ?, now(3) + ${milliseconds('?')}, ?, ?)`;

export const RENEW_SESSION = `
  UPDATE worker_session SET renewed_at = now(3), expires_at = now(3) + ${milliseconds('?')}
  WHERE id = ? AND ended_at IS NULL AND expires_at > now(3)`;

export const CLOSE_SESSION =
  'UPDATE worker_session SET ended_at = now(3) WHERE id = ? AND ended_at IS NULL';

// ---- intake

/**
 * Type, priority, type, limit. Each type is looked up on its own, so that a backlog of operations that others carry out costs
 * nothing here, and each priority, so that neither does what is not yet due of a higher one; and in the order of the index:
 * a sort, or a filter on what the index lacks, would lock rows that are not taken. (What a lower priority finds beyond the
 * limit is locked, too, for as long as the claim takes: these servers take no expression for a LIMIT.)
 */
export const TAKE_IN = `
  SELECT id, op_type AS type, op_key AS \`key\`, priority, due_at FROM op_log FORCE INDEX (op_log_pending)
  WHERE status = 'pending' AND op_type = ? AND priority = ? AND due_at <= now(3) AND ${NOT_PAUSED}
  ORDER BY due_at, id LIMIT ? FOR UPDATE SKIP LOCKED`;

/**
 * What stands at the keys of these markers: one that is taken, and the first of all. Two probes for each, however many
 * wait: `min(id) … GROUP BY` reads them all (278 ms instead of 32 with 100,000). A plain read, behind the locking one.
 */
export const HEADS = `
  SELECT k.id, k.taken, h.id AS head, h.status FROM (
    SELECT m.id,
      (SELECT t.id FROM op_log t FORCE INDEX (op_log_taken) WHERE t.taken_key = m.op_key) AS taken,
      (SELECT e.id FROM op_log e FORCE INDEX (op_log_key) WHERE e.live_key = m.op_key ORDER BY e.id LIMIT 1) AS head
    FROM op_log m FORCE INDEX (PRIMARY) WHERE m.id IN (?) AND m.op_key IS NOT NULL
  ) k LEFT JOIN op_log h ON h.id = k.head`;

/**
 * A marker that becomes visible behind a later one of its key, just while that one is being taken: op_log_taken refuses
 * this statement then (1062), and the next attempt sees it.
 */
export const SET_STATUS = 'UPDATE op_log FORCE INDEX (PRIMARY) SET status = ? WHERE id IN (?)';

/** Session or null, fence, whether queued, milliseconds until it is due; then `[[id, type, version], …]`. */
export const MAKE_SAGAS = `
  INSERT INTO saga (id, type, version, session_id, fence, is_queued, due_at)
  SELECT r.id, r.type, r.version, ?, ?, ?, now(3) + ${milliseconds('?')}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (id bigint PATH '$[0]', type text PATH '$[1]', version int PATH '$[2]')) r`;

export const PAYLOADS = `SELECT o.id, ${promised('o')} FROM op_log o FORCE INDEX (PRIMARY) WHERE o.id IN (?)`;

/**
 * Waits for locked heads instead of skipping them, in the order of ids. A claimer may hold one for a moment, on its way to
 * parking what lies behind it: skipping would leave the head with nobody to wake it. Claimers never wait, so there is no
 * cycle.
 */
export const RELEASE_KEYS = `
  SELECT o.id, o.op_type AS type, o.op_key AS \`key\`, ${promised('o')} FROM op_log o FORCE INDEX (PRIMARY)
  WHERE o.id IN (?) AND o.status = 'parked' ORDER BY o.id FOR UPDATE`;

/** Type, type, limit. */
export const TAKE_DUE = `
  SELECT id, fence, due_at FROM saga FORCE INDEX (saga_due)
  WHERE session_id IS NULL AND type = ? AND due_at <= now(3) AND ${NOT_PAUSED}
  ORDER BY due_at, id LIMIT ? FOR UPDATE SKIP LOCKED`;

export const QUEUE = `
  UPDATE saga FORCE INDEX (PRIMARY) SET is_queued = true, due_at = now(3) + ${milliseconds('?')} WHERE id IN (?)`;

const NEXT_DUE_OF_PRIORITY = (priority: number) => `
    (SELECT op_type AS type, due_at FROM op_log FORCE INDEX (op_log_pending)
      WHERE status = 'pending' AND op_type = ? AND priority = ${priority} ORDER BY due_at LIMIT 1)
    UNION ALL`;

const NEXT_DUE_OF_TYPE = `${[1, 0, -1].map(NEXT_DUE_OF_PRIORITY).join('')}
    (SELECT type, due_at FROM saga FORCE INDEX (saga_due)
      WHERE session_id IS NULL AND type = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1)`;

/** Each type four times. One probe per type and priority of the markers' index, and one per type of the sagas'. */
export const NEXT_DUE = (typeCount: number) => `
  SELECT timestampdiff(MICROSECOND, now(3), min(d.due_at)) / 1000 AS ms
  FROM (${Array.from({ length: typeCount }, () => NEXT_DUE_OF_TYPE).join(' UNION ALL ')}) d
  WHERE d.type NOT IN (SELECT p.type FROM operation_pause p)`;

/** By way of the markers: those that are taken are as many as there are live sagas; sagas that ended do not matter. */
export const FIND_QUEUED = `
  SELECT s.id FROM op_log o FORCE INDEX (op_log_pending) JOIN saga s ON s.id = o.id
  WHERE o.status = 'taken' AND s.is_queued AND s.session_id IS NULL AND s.due_at > now(3)`;

export const REQUEUE_QUEUED = `
  UPDATE saga FORCE INDEX (PRIMARY) SET due_at = now(3) WHERE id IN (?) AND is_queued AND session_id IS NULL`;

// ---- holding

/** Skips what others are at: the ticket is stale then. */
export const ADOPT = `
  SELECT id, type, fence FROM saga FORCE INDEX (PRIMARY)
  WHERE id IN (?) AND session_id IS NULL AND due_at IS NOT NULL ORDER BY id FOR UPDATE SKIP LOCKED`;

export const HOLD = `
  UPDATE saga FORCE INDEX (PRIMARY) SET session_id = ?, fence = fence + 1, is_queued = false WHERE id IN (?)`;

export const LOAD = `
  SELECT s.id, s.type, s.version, s.fence, s.crashes, o.op_key AS \`key\`, ${promised('o')}
  FROM saga s FORCE INDEX (PRIMARY) JOIN op_log o ON o.id = s.id
  WHERE s.id IN (?) AND s.session_id = ? ORDER BY s.id`;

export const LOAD_HISTORY = `
  SELECT saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason, result, duration_ms,
    fence, session_id, verb, at
  FROM saga_transition FORCE INDEX (PRIMARY) WHERE saga_id IN (?) ORDER BY saga_id, seq`;

export const HELD_IDS = 'SELECT id FROM saga FORCE INDEX (saga_due) WHERE session_id = ?';

export const LET_GO = `
  UPDATE saga FORCE INDEX (PRIMARY) SET session_id = NULL, is_queued = false, due_at = ${later('?')}
  WHERE id IN (?) AND session_id = ?`;

// ---- recording

/** Behind this lock no handler's transaction can add to the history: RECORD_STEP locks the saga's row, too. */
export const LOCK_HELD = `
  SELECT id, fence FROM saga FORCE INDEX (PRIMARY) WHERE id IN (?) AND session_id = ? ORDER BY id FOR UPDATE`;

/**
 * A saga's row may lag behind its history, because a transactional handler commits its rows without touching it: the
 * history decides whether the caller knows it all.
 */
export const LAST_NUMBERS = `
  SELECT saga_id AS id, max(seq) AS seq FROM saga_transition FORCE INDEX (PRIMARY) WHERE saga_id IN (?) GROUP BY saga_id`;

/** `[[id, state, seq, exit, delayMs, reason], …]` */
export const RECORD = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id bigint PATH '$[0]', state text PATH '$[1]', seq int PATH '$[2]',
      leaving text PATH '$[3]', delay_ms double PATH '$[4]', reason text PATH '$[5]')) r
    STRAIGHT_JOIN saga s FORCE INDEX (PRIMARY) ON s.id = r.id
  SET s.state = r.state, s.seq = r.seq, s.crashes = 0,
    s.session_id = if(r.leaving = 'stays', s.session_id, NULL),
    s.due_at = CASE r.leaving WHEN 'stays' THEN s.due_at WHEN 'waits' THEN ${later('r.delay_ms')} END,
    s.reason = if(r.leaving IN ('ends', 'pauses'), r.reason, s.reason),
    s.finished_at = if(r.leaving = 'ends', now(3), s.finished_at)`;

const TRANSITION_COLUMNS = `saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason, result,
    duration_ms, fence, session_id`;

export const RECORD_TRANSITIONS = `INSERT INTO saga_transition (${TRANSITION_COLUMNS}) VALUES ?`;

/** `[[id, status, reason], …]` */
export const RECORD_MARKERS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id bigint PATH '$[0]', status text PATH '$[1]', reason text PATH '$[2]')) r
    STRAIGHT_JOIN op_log o FORCE INDEX (PRIMARY) ON o.id = r.id
  SET o.status = r.status, o.reason = r.reason, o.finished_at = now(3) WHERE o.status = 'taken'`;

// ---- a transactional handler's transaction

/** Under which of the two names this server knows it: MySQL has dropped the older one, MariaDB got the newer one late. */
export const ISOLATION_VARIABLE =
  "SHOW VARIABLES WHERE variable_name IN ('tx_isolation', 'transaction_isolation')";

/**
 * Seconds. What is said of a handler's transaction before it begins, in one packet, on a connection of the application's: READ
 * COMMITTED, which holds for the next transaction alone and is said each time, because at these servers' default a fence that
 * is not there yet locks a gap, and two steps that insert into it deadlock; and, as with BEGIN, after how many seconds of
 * silence the server ends it. No variable of our own keeps what the time-out was: a proxy would pin the connection for that.
 */
export const BEFORE_STEP = (isolationVariable: string) =>
  `SET SESSION wait_timeout = ?, @@${isolationVariable} = 'READ-COMMITTED'`;
export const AFTER_STEP = 'SET SESSION wait_timeout = DEFAULT';

/** Seconds; said with BEFORE_STEP where the handler's statements have a limit. A shorter one of the application's stays. */
export const LIMIT_LOCK_WAITS =
  'SESSION innodb_lock_wait_timeout = least(@@SESSION.innodb_lock_wait_timeout, ?)';
/** Said with AFTER_STEP. */
export const RESTORE_LOCK_WAITS = 'SESSION innodb_lock_wait_timeout = DEFAULT';

/** Saga, fence, session. */
const HOLDER = 's.id = ? AND s.fence = ? AND s.session_id = ?';

/** Step, phase, holder. Insert first, never look first. No row: not the holder. Error 1062: this was dealt with. */
export const FENCE = `
  INSERT INTO saga_fence (saga_id, step, phase, fence, session_id)
  SELECT s.id, ?, ?, s.fence, s.session_id FROM saga s WHERE ${HOLDER}`;

/** The same for a confirm, which also needs its try's row; its step once more. */
export const FENCE_CONFIRM = `${FENCE}
    AND EXISTS (SELECT 1 FROM saga_fence t WHERE t.saga_id = s.id AND t.step = ? AND t.phase = 'try')`;

/** Holder. It stays so until the transaction ends. */
export const IS_HELD = `SELECT s.id FROM saga s WHERE ${HOLDER} LOCK IN SHARE MODE`;

/**
 * `[[seq, step, …], …]`, holder, step, phase: rows of one saga, if the session still holds it; and it does until the commit.
 * The call's own fence row tells that this still is its transaction: a deadlock undoes all of it and leaves no transaction
 * behind, and a handler may swallow that error. The record would then commit by itself, of effects that are gone.
 */
export const RECORD_STEP = `
  INSERT INTO saga_transition (${TRANSITION_COLUMNS})
  SELECT s.id, r.seq, r.step, r.phase, r.attempt, r.from_state, r.to_state, r.outcome, r.error_code, r.reason, r.result,
    r.duration_ms, s.fence, s.session_id
  FROM saga s STRAIGHT_JOIN JSON_TABLE(?, '$[*]' COLUMNS (seq int PATH '$[0]', step text PATH '$[1]',
      phase text PATH '$[2]', attempt int PATH '$[3]', from_state text PATH '$[4]', to_state text PATH '$[5]',
      outcome text PATH '$[6]', error_code text PATH '$[7]', reason text PATH '$[8]', result longtext PATH '$[9]',
      duration_ms int PATH '$[10]')) r
  WHERE ${HOLDER}
    AND EXISTS (SELECT 1 FROM saga_fence f WHERE f.saga_id = s.id AND f.step = ? AND f.phase = ? AND f.fence = s.fence)
  FOR UPDATE`;

/** The saga's own row and its marker, where it ends with those rows. RECORD_STEP has locked the saga's row. */
export const END_STEP = `
  UPDATE saga s STRAIGHT_JOIN op_log o ON o.id = s.id
  SET s.state = ?, s.seq = ?, s.reason = ?, s.session_id = NULL, s.due_at = NULL, s.crashes = 0, s.finished_at = now(3),
    o.status = 'done', o.finished_at = now(3)
  WHERE ${HOLDER}`;

/** The number of a connection. */
export const END_CONNECTION = 'KILL CONNECTION ?';

// ---- repair

export const FIND_LAPSED_SESSIONS = `
  SELECT id FROM worker_session FORCE INDEX (worker_session_living)
  WHERE ended_at IS NULL AND expires_at <= now(3) ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED`;

export const END_LAPSED_SESSIONS =
  'UPDATE worker_session SET ended_at = now(3), has_lapsed = true WHERE id IN (?)';

export const FIND_ORPHANS = `
  SELECT s.id, w.has_lapsed FROM saga s FORCE INDEX (saga_due) STRAIGHT_JOIN worker_session w ON w.id = s.session_id
  WHERE s.session_id IS NOT NULL AND w.ended_at IS NOT NULL LIMIT ?`;

/** Ids. A row that its last holder has locked, frozen before its COMMIT, holds up none of the others. */
export const LOCK_ORPHANS = `
  SELECT id FROM saga FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE SKIP LOCKED`;

/** Crashes to be counted, ids. */
export const FREE_ORPHANS = `
  UPDATE saga FORCE INDEX (PRIMARY) SET session_id = NULL, is_queued = false, due_at = now(3), crashes = crashes + ?
  WHERE id IN (?) AND session_id IN (SELECT w.id FROM worker_session w WHERE w.ended_at IS NOT NULL AND w.has_lapsed = ?)`;

/** What any session of the last day could run: a service that is being deployed comes back. */
export const KNOWN_TYPES = `
  SELECT types, ended_at IS NULL AND expires_at > now(3) AS is_living FROM worker_session
  WHERE renewed_at > now(3) - INTERVAL 1 DAY`;

export const PENDING_TYPES = `
  SELECT DISTINCT op_type AS type FROM op_log FORCE INDEX (op_log_pending) WHERE status = 'pending'`;

/** Type, graceMs, limit. */
export const FIND_UNSERVED = `
  SELECT id FROM op_log FORCE INDEX (op_log_pending)
  WHERE status = 'pending' AND op_type = ? AND greatest(due_at, created_at) <= now(3) - ${milliseconds('?')}
  ORDER BY priority, due_at, id LIMIT ? FOR UPDATE SKIP LOCKED`;

export const BURY_UNSERVED = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'dead', finished_at = now(3),
    reason = concat('TENON_UNKNOWN_OPERATION: no worker of the last day runs operations of the type "', op_type, '"')
  WHERE id IN (?)`;

/**
 * The first key to look at, how many entries of op_log_parked, graceMs. One row per key among them, with its head's id if
 * that is parked and nobody is on the way to it.
 *
 * So many entries and not so many keys, because these servers jump from key to key only when they take the average key for
 * a deep one: else they read all of the deepest. `min(id) … GROUP BY live_key` read every live marker: 20 ms with 10,000
 * of one key, 200 with 100,000, on a core that everyone else needs.
 */
export const FIND_PARKED_HEADS = `
  SELECT p.parked_key AS \`key\`, h.id AS head FROM (
    SELECT k.parked_key,
      (SELECT t.id FROM op_log t FORCE INDEX (op_log_taken) WHERE t.taken_key = k.parked_key) AS taken,
      (SELECT e.id FROM op_log e FORCE INDEX (op_log_key) WHERE e.live_key = k.parked_key ORDER BY e.id LIMIT 1) AS head
    FROM (SELECT DISTINCT w.parked_key FROM (
      SELECT parked_key FROM op_log FORCE INDEX (op_log_parked) WHERE parked_key >= ? ORDER BY parked_key LIMIT ?
    ) w) k
  ) p
  LEFT JOIN op_log h ON h.id = p.head AND p.taken IS NULL AND h.status = 'parked'
    AND greatest(h.due_at, h.created_at) <= now(3) - ${milliseconds('?')}
  ORDER BY p.parked_key`;

export const FREE_PARKED_HEADS = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'pending' WHERE id IN (?) AND status = 'parked'`;

/** RetentionMs, the saga behind which to look, how many rows to look at. */
export const FIND_FENCES = `
  SELECT f.saga_id, coalesce(s.finished_at <= now(3) - ${milliseconds('?')}, 0) AS is_old
  FROM (SELECT saga_id FROM saga_fence WHERE saga_id > ? ORDER BY saga_id LIMIT ?) f LEFT JOIN saga s ON s.id = f.saga_id`;

export const TIDY_FENCES = 'DELETE FROM saga_fence WHERE saga_id IN (?) LIMIT ?';

/** Of a marker and its saga: nobody needs it any more. Sagas that were killed, and markers that are dead, are kept. */
const HAS_ENDED = `o.status = 'done' AND (s.id IS NULL OR s.state IN ('completed', 'compensated'))`;

/** The id behind which to look, how many rows to look at; before them, twice, retentionMs. */
export const FIND_OLD = `
  SELECT o.id, o.created_at > now(3) - ${milliseconds('?')} AS is_young,
    o.finished_at IS NOT NULL AND o.finished_at <= now(3) - ${milliseconds('?')} AND ${HAS_ENDED} AS is_old
  FROM (
    SELECT id, status, created_at, finished_at FROM op_log FORCE INDEX (PRIMARY) WHERE id > ? ORDER BY id LIMIT ?
  ) o LEFT JOIN saga s ON s.id = o.id ORDER BY o.id`;

/** Ids. */
export const LOCK_OLD = `
  SELECT id FROM op_log FORCE INDEX (PRIMARY) WHERE id IN (?) AND status = 'done' ORDER BY id FOR UPDATE SKIP LOCKED`;

/** Ids; a plain read. What has ended stays so. */
export const ENDED_OF = `
  SELECT o.id FROM op_log o FORCE INDEX (PRIMARY) LEFT JOIN saga s ON s.id = o.id WHERE o.id IN (?) AND ${HAS_ENDED}`;

export const DELETE_OLD = [
  'DELETE FROM saga_fence WHERE saga_id IN (?)',
  'DELETE FROM saga_transition WHERE saga_id IN (?)',
  'DELETE FROM saga WHERE id IN (?)',
  'DELETE FROM op_log WHERE id IN (?)',
];
/** RetentionMs twice, limit. Ids grow with time, so the oldest come first in the order of the primary key. */
export const FIND_OLD_SESSIONS = `
  SELECT w.id FROM worker_session w FORCE INDEX (PRIMARY)
  WHERE w.ended_at <= now(3) - ${milliseconds('?')} AND w.renewed_at <= now(3) - ${milliseconds('?')}
    AND NOT EXISTS (SELECT 1 FROM saga s FORCE INDEX (saga_due) WHERE s.session_id = w.id)
  ORDER BY w.id LIMIT ?`;

export const TIDY_SESSIONS = 'DELETE FROM worker_session WHERE id IN (?)';

/** Limit, retentionMs. */
export const FIND_OLD_REPAIR_RUNS = `
  SELECT id FROM (SELECT id, at FROM repair_run ORDER BY id LIMIT ?) oldest WHERE at <= now(3) - ${milliseconds('?')}`;

export const TIDY_REPAIR_RUNS = 'DELETE FROM repair_run WHERE id IN (?)';

export const RECORD_REPAIR =
  'INSERT INTO repair_run (rule, found, repaired, duration_ms, error) VALUES (?)';

// ---- reports

export const FIND_SAGAS = `
  SELECT o.id, o.op_type AS type, o.op_key AS \`key\`, o.payload, o.status AS marker_status, s.state, s.version,
    coalesce(s.reason, o.reason) AS reason, o.created_at, if(s.id IS NULL, o.finished_at, s.finished_at) AS finished_at
  FROM op_log o FORCE INDEX (PRIMARY) LEFT JOIN saga s ON s.id = o.id WHERE o.id IN (?) ORDER BY o.id`;

/** Limit. The keys behind which most wait come first. By way of the markers, as FIND_QUEUED. */
export const BLOCKED_KEYS = `
  SELECT * FROM (
    SELECT h.\`key\`, h.head_id, h.head_type, h.head_state,
      (SELECT count(*) FROM op_log e FORCE INDEX (op_log_key) WHERE e.live_key = h.\`key\`) - 1 AS waiting
    FROM (
      SELECT o.op_key AS \`key\`, o.id AS head_id, o.op_type AS head_type, s.state AS head_state
      FROM op_log o FORCE INDEX (op_log_pending) JOIN saga s ON s.id = o.id
      WHERE o.status = 'taken' AND o.op_key IS NOT NULL AND s.session_id IS NULL
        AND (s.state = 'paused' OR (s.due_at > now(3) AND NOT s.is_queued))
      UNION ALL
      SELECT o.op_key, o.id, o.op_type, 'pending' FROM op_log o FORCE INDEX (op_log_pending)
      WHERE o.status = 'pending' AND o.op_key IS NOT NULL AND o.due_at > now(3) AND NOT EXISTS (
        SELECT 1 FROM op_log e FORCE INDEX (op_log_key)
        WHERE e.live_key = o.op_key AND e.id < o.id)
        AND NOT EXISTS (SELECT 1 FROM op_log t WHERE t.taken_key = o.op_key)
    ) h
  ) k
  WHERE waiting > 0 ORDER BY waiting DESC, \`key\` LIMIT ?`;
