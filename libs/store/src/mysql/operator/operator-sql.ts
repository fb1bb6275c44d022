// The statements of the operators' store, under the names of ../../postgres/operator/operator-sql.ts. What is one statement
// there is a transaction here, with the parts as statements of their own; the audit row is the last of them.

/** Milliseconds from now, by the database's clock. */
const fromNow = (column: string, name: string) =>
  `timestampdiff(MICROSECOND, now(3), ${column}) / 1000 AS ${name}`;

// ---- lists

export const SAGA_SUMMARY = `s.id, s.type, s.version, o.op_key AS \`key\`, s.state, s.reason, o.created_at, s.finished_at`;

export const MARKER_SUMMARY = `o.id, o.op_type AS type, o.op_key AS \`key\`, o.status, o.priority, o.reason, o.created_at,
  o.due_at, o.finished_at`;

export const SESSION = `w.id, w.worker, w.roles, w.versions, w.started_at, w.renewed_at, w.ended_at, w.has_lapsed,
  ${fromNow('w.expires_at', 'expires_in_ms')}`;

/** The condition of a session that is listed. */
export const IS_RECENT_SESSION = `(w.ended_at IS NULL OR w.ended_at > now(3) - INTERVAL 1 DAY)`;

export const REPAIR_RUN = `r.id, r.rule, r.found, r.repaired, r.duration_ms, r.error, r.at`;

export const AUDIT_ROW = `a.id, a.actor, a.role, a.verb, a.target, a.reason, a.detail, a.at`;

const AT = 'SELECT id, created_at AS at FROM op_log FORCE INDEX (PRIMARY)';

export const FIRST_MARKER = `${AT} ORDER BY id LIMIT 1`;
export const LAST_MARKER = `${AT} ORDER BY id DESC LIMIT 1`;
/** Id. */
export const MARKER_FROM = `${AT} WHERE id >= ? ORDER BY id LIMIT 1`;

// ---- one operation: each of these takes its id, and they are sent as one snapshot

export const FIND_OPERATION = `
  SELECT ${MARKER_SUMMARY}, o.payload, o.idempotency_key, o.deadline_at, o.trace_context,
    ${fromNow('o.due_at', 'due_in_ms')}
  FROM op_log o WHERE o.id = ?`;

export const FIND_ITS_SAGA = `
  SELECT ${SAGA_SUMMARY}, s.fence, s.crashes, s.is_queued,
    ${fromNow('if(s.session_id IS NULL, s.due_at, NULL)', 'due_in_ms')}
  FROM saga s JOIN op_log o ON o.id = s.id WHERE s.id = ?`;

export const FIND_ITS_FENCES =
  'SELECT step, phase, fence, at FROM saga_fence WHERE saga_id = ? ORDER BY at, step, phase';

export const FIND_ITS_HOLDER = `
  SELECT ${SESSION} FROM saga s STRAIGHT_JOIN worker_session w ON w.id = s.session_id WHERE s.id = ?`;

/** Two probes, as HEADS. */
export const FIND_BEHIND = `
  SELECT f.id, f.op_type AS type, if(f.status = 'taken', s.state, 'pending') AS state
  FROM (
    SELECT o.id, coalesce(
      (SELECT t.id FROM op_log t FORCE INDEX (op_log_taken) WHERE t.taken_key = o.op_key),
      (SELECT e.id FROM op_log e FORCE INDEX (op_log_key) WHERE e.live_key = o.op_key ORDER BY e.id LIMIT 1)) AS first
    FROM op_log o WHERE o.id = ? AND o.status IN ('pending', 'parked') AND o.op_key IS NOT NULL
  ) k STRAIGHT_JOIN op_log f ON f.id = k.first LEFT JOIN saga s ON s.id = f.id
  WHERE k.first <> k.id`;

export const FIND_ITS_PAUSE = `
  SELECT p.type, p.paused_by, p.reason, p.at FROM op_log o JOIN operation_pause p ON p.type = o.op_type WHERE o.id = ?`;

// ---- verbs

/** Actor, role, verb, target, reason, detail. */
export const WRITE_AUDIT =
  'INSERT INTO admin_audit (actor, role, verb, target, reason, detail) VALUES (?)';

/** Saga. A handler's RECORD_STEP and a group commit lock this row, too: behind it nobody adds to the history. */
export const LOCK_SAGA = `
  SELECT fence, finished_at IS NOT NULL AS is_ended FROM saga FORCE INDEX (PRIMARY) WHERE id = ? FOR UPDATE`;

/** State, seq, fence, reason, whether it ends, again, saga. */
export const OPERATE = `
  UPDATE saga FORCE INDEX (PRIMARY) SET state = ?, seq = ?, fence = ?, session_id = NULL, is_queued = false, crashes = 0,
    reason = ?, due_at = if(?, NULL, now(3)), finished_at = if(?, now(3), NULL) WHERE id = ?`;

/** The row's values. */
export const OPERATE_HISTORY = `
  INSERT INTO saga_transition (saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason,
    result, duration_ms, fence, verb) VALUES (?)`;

/** Reason, marker. */
export const OPERATE_MARKER = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'done', finished_at = now(3), reason = ?
  WHERE id = ? AND status = 'taken'`;

/** Reason, marker. */
export const WITHDRAW = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'dead', finished_at = now(3), reason = ?
  WHERE id = ? AND status IN ('pending', 'parked')`;

/** Marker. */
export const LOCK_DEAD = `
  SELECT idempotency_key FROM op_log FORCE INDEX (PRIMARY) WHERE id = ? AND status = 'dead' FOR UPDATE`;

/** Marker. */
export const HAS_SAGA = 'SELECT id FROM saga WHERE id = ?';

/** Marker. */
export const REDRIVE = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'pending', due_at = now(3), finished_at = NULL, reason = NULL
  WHERE id = ?`;

/** Marker. It gives its idempotency key up: whoever appends it again is told which one is carried out. */
export const REDRIVE_REPLACED = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'done', finished_at = now(3), idempotency_key = NULL WHERE id = ?`;

/** Idempotency key, marker. */
export const REDRIVE_COPY = `
  INSERT INTO op_log (op_type, op_key, payload, idempotency_key, priority, deadline_at, trace_context)
  SELECT op_type, op_key, payload, ?, priority, deadline_at, trace_context FROM op_log WHERE id = ?`;

/** The copy, marker. */
export const REDRIVE_NOTE = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET reason = concat('redriven as ', ?, coalesce(concat(': ', reason), ''))
  WHERE id = ?`;

/** Reason, marker. */
export const DISCARD = `
  UPDATE op_log FORCE INDEX (PRIMARY) SET status = 'done', finished_at = now(3), reason = ?
  WHERE id = ? AND status = 'dead'`;

// ---- pauses

/** Type, by whom, reason. */
export const PAUSE_TYPE = 'INSERT INTO operation_pause (type, paused_by, reason) VALUES (?)';

/** Type. */
export const RESUME_TYPE = 'DELETE FROM operation_pause WHERE type = ?';

export const PAUSED_TYPES = 'SELECT type, paused_by, reason, at FROM operation_pause ORDER BY type';

// ---- keys

const KEY = 'id, name, role, created_at, revoked_at';

/** Name, role, hash. */
export const CREATE_KEY = 'INSERT INTO admin_key (name, role, hash) VALUES (?)';

/** Name. */
export const REVOKE_KEY =
  'UPDATE admin_key FORCE INDEX (admin_key_name) SET revoked_at = now(3) WHERE living_name = ?';

/** Hash. */
export const FIND_KEY = `SELECT ${KEY} FROM admin_key WHERE hash = ? AND revoked_at IS NULL`;

/** Limit. */
export const LIST_KEYS = `SELECT ${KEY} FROM admin_key ORDER BY id DESC LIMIT ?`;

// ---- backlog: each count stops at its limit, which is the last value

/** Limit. Jumps from type to type, whatever their backlogs. */
export const PENDING_TYPES = `
  SELECT DISTINCT op_type AS type FROM op_log FORCE INDEX (op_log_pending) WHERE status = 'pending'
  ORDER BY op_type LIMIT ?`;
export const KNOWN_TYPES =
  'SELECT DISTINCT type FROM saga FORCE INDEX (saga_type) ORDER BY type LIMIT ?';

/** Type, priority, limit. */
export const PENDING_BACKLOG = `
  SELECT count(*) AS count, coalesce(timestampdiff(MICROSECOND, min(due_at), now(3)) / 1000, 0) AS oldest_ms FROM (
    SELECT due_at FROM op_log FORCE INDEX (op_log_pending)
    WHERE status = 'pending' AND op_type = ? AND priority = ? AND due_at <= now(3) ORDER BY due_at LIMIT ?
  ) one`;

/** Type, limit. */
export const LIVE_BACKLOG = `
  SELECT state, count(*) AS count FROM (
    SELECT state FROM saga FORCE INDEX (saga_type)
    WHERE type = ? AND ended_state IS NULL AND state <> 'paused' LIMIT ?
  ) s GROUP BY state`;

/** Limit. Counted apart, so that none is hidden behind many that run. */
export const PAUSED_BACKLOG = `
  SELECT type, count(*) AS count FROM (
    SELECT type FROM saga FORCE INDEX (saga_paused)
    WHERE paused_id IS NOT NULL AND state = 'paused' ORDER BY paused_id DESC LIMIT ?
  ) s GROUP BY type`;

/** Limit. */
export const DEAD_BACKLOG = `
  SELECT type, count(*) AS count FROM (
    SELECT op_type AS type FROM op_log FORCE INDEX (op_log_set_aside)
    WHERE is_set_aside = true AND status = 'dead' ORDER BY id DESC LIMIT ?
  ) o GROUP BY type`;
