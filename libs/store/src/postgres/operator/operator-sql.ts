// The statements of the operators' store, under the names of ../../mysql/operator/operator-sql.ts. A verb's first six
// values are those of its audit row, which is written in the same statement, and only if the verb has changed something.
import { headOf, instant, statement, takenOf } from '../sql';

/** Milliseconds from now, by the database's clock. */
const fromNow = (column: string, name: string) =>
  `(extract(epoch FROM ${column} - clock_timestamp()) * 1000)::float8 AS ${name}`;

// ---- lists

export const SAGA_SUMMARY = `s.id::text, s.type, s.version, o.op_key AS key, s.state, s.reason,
  ${instant('o.created_at', 'created_ms')}, ${instant('s.finished_at', 'finished_ms')}`;

export const MARKER_SUMMARY = `o.id::text, o.op_type AS type, o.op_key AS key, o.status, o.priority, o.reason,
  ${instant('o.created_at', 'created_ms')}, ${instant('o.due_at', 'due_ms')}, ${instant('o.finished_at', 'finished_ms')}`;

export const SESSION = `w.id::text, w.worker, w.roles, w.versions, ${instant('w.started_at', 'started_ms')},
  ${instant('w.renewed_at', 'renewed_ms')}, ${instant('w.ended_at', 'ended_ms')}, w.has_lapsed,
  ${fromNow('w.expires_at', 'expires_in_ms')}`;

/** The condition of a session that is listed. */
export const IS_RECENT_SESSION = `(w.ended_at IS NULL OR w.ended_at > now() - interval '1 day')`;

export const REPAIR_RUN = `r.id::text, r.rule, r.found, r.repaired, r.duration_ms, r.error, ${instant('r.at', 'at_ms')}`;

export const AUDIT_ROW = `a.id::text, a.actor, a.role, a.verb, a.target, a.reason, a.detail, ${instant('a.at', 'at_ms')}`;

const AT = `SELECT o.id::text, ${instant('o.created_at', 'at_ms')} FROM op_log o`;

export const FIRST_MARKER = statement('first_marker', `${AT} ORDER BY o.id LIMIT 1`);
export const LAST_MARKER = statement('last_marker', `${AT} ORDER BY o.id DESC LIMIT 1`);
/** $1 id. */
export const MARKER_FROM = statement(
  'marker_from',
  `${AT} WHERE o.id >= $1::bigint ORDER BY o.id LIMIT 1`,
);

// ---- one operation

/** $1 id. One statement, so that all of it is of one moment. */
export const FIND_OPERATION = statement(
  'find_operation',
  `SELECT ${MARKER_SUMMARY}, o.payload, o.idempotency_key, ${instant('o.deadline_at', 'deadline_ms')}, o.trace_context,
     ${fromNow('o.due_at', 'due_in_ms')},
     (SELECT row_to_json(found) FROM (
       SELECT ${SAGA_SUMMARY}, s.fence, s.crashes, s.is_queued,
         ${fromNow('CASE WHEN s.session_id IS NULL THEN s.due_at END', 'due_in_ms')}
       FROM saga s WHERE s.id = o.id
     ) found) AS saga,
     (SELECT coalesce(json_agg(found ORDER BY found.seq), '[]') FROM (
       SELECT t.saga_id::text, t.seq, t.step, t.phase, t.attempt, t.from_state, t.to_state, t.outcome, t.error_code,
         t.reason, t.result, t.duration_ms, t.fence, t.session_id::text, t.verb, ${instant('t.at', 'at_ms')}
       FROM saga_transition t WHERE t.saga_id = o.id
     ) found) AS history,
     (SELECT coalesce(json_agg(found ORDER BY found.at_ms, found.step, found.phase), '[]') FROM (
       SELECT f.step, f.phase, f.fence, ${instant('f.at', 'at_ms')} FROM saga_fence f WHERE f.saga_id = o.id
     ) found) AS fences,
     (SELECT row_to_json(found) FROM (
       SELECT ${SESSION} FROM worker_session w WHERE w.id = (SELECT s.session_id FROM saga s WHERE s.id = o.id)
     ) found) AS holder,
     (SELECT row_to_json(found) FROM (
       SELECT f.id::text, f.op_type AS type,
         CASE WHEN f.status = 'taken' THEN (SELECT s.state FROM saga s WHERE s.id = f.id) ELSE 'pending' END AS state
       FROM op_log f
       WHERE o.status IN ('pending', 'parked') AND f.id <> o.id
         AND f.id = coalesce(${takenOf('o.op_key')}, ${headOf('o.op_key')})
     ) found) AS behind,
     (SELECT row_to_json(found) FROM (
       SELECT p.type, p.paused_by, p.reason, ${instant('p.at', 'at_ms')} FROM operation_pause p WHERE p.type = o.op_type
     ) found) AS pause
   FROM op_log o WHERE o.id = $1::bigint`,
);

// ---- verbs

const INSERT_AUDIT = `INSERT INTO admin_audit (actor, role, verb, target, reason, detail)
     SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::jsonb`;
const auditBehind = (change: string) => `${INSERT_AUDIT} WHERE EXISTS (SELECT FROM ${change})`;

/**
 * $7 saga, $8 whether it ends, $9 why; $10 to $20 the row from `seq` on, $21 its verb.
 *
 * The history decides whether the operator has seen it all: a transactional handler writes its rows without touching the
 * saga's own. Whoever writes the same number at the same time is stopped, as this is, by the history's primary key.
 */
export const OPERATE = statement(
  'operate',
  `WITH operated AS (
     UPDATE saga SET state = $15::text, seq = $10::int, fence = fence + 1, session_id = NULL, is_queued = false, crashes = 0,
       reason = $9::text, due_at = CASE WHEN $8::boolean THEN NULL ELSE now() END,
       finished_at = CASE WHEN $8::boolean THEN now() END
     WHERE id = $7::bigint AND finished_at IS NULL
       AND coalesce((SELECT max(seq) FROM saga_transition WHERE saga_id = $7::bigint), 0) = $10::int - 1
     RETURNING id, fence
   ),
   history AS (
     INSERT INTO saga_transition (saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason,
       result, duration_ms, fence, verb)
     SELECT id, $10::int, $11::text, $12::text, $13::int, $14::text, $15::text, $16::text, $17::text, $18::text,
       $19::jsonb, $20::int, fence, $21::text FROM operated
   ),
   done AS (
     UPDATE op_log SET status = 'done', finished_at = now(), reason = $9::text
     WHERE id = $7::bigint AND status = 'taken' AND $8::boolean AND EXISTS (SELECT FROM operated)
   ),
   audited AS (${auditBehind('operated')})
   SELECT id::text FROM operated`,
);

/** $7 marker, $8 reason. */
export const WITHDRAW = statement(
  'withdraw',
  `WITH withdrawn AS (
     UPDATE op_log SET status = 'dead', finished_at = now(), reason = $8::text
     WHERE id = $7::bigint AND status IN ('pending', 'parked') RETURNING id
   ),
   audited AS (${auditBehind('withdrawn')})
   SELECT id::text FROM withdrawn`,
);

/**
 * $7 marker. Of one with a saga a copy is made, to which its idempotency key goes over: whoever appends it again is told
 * which one is carried out. The old row gives the key up first: the copy is made of what that update returns.
 */
export const REDRIVE = statement(
  'redrive',
  `WITH dead AS MATERIALIZED (
     SELECT o.*, (SELECT s.id FROM saga s WHERE s.id = o.id) IS NOT NULL AS has_saga
     FROM op_log o WHERE o.id = $7::bigint AND o.status = 'dead' FOR UPDATE OF o
   ),
   revived AS (
     UPDATE op_log SET status = 'pending', due_at = now(), finished_at = NULL, reason = NULL
     WHERE id = ANY(ARRAY(SELECT id FROM dead WHERE NOT has_saga)) RETURNING id
   ),
   fresh AS MATERIALIZED (
     SELECT nextval(pg_get_serial_sequence('op_log', 'id')) AS id FROM dead WHERE has_saga
   ),
   replaced AS (
     UPDATE op_log SET status = 'done', finished_at = now(), idempotency_key = NULL,
       reason = 'redriven as ' || (SELECT id FROM fresh) || coalesce(': ' || reason, '')
     WHERE id = ANY(ARRAY(SELECT id FROM dead WHERE has_saga)) RETURNING id
   ),
   copied AS (
     INSERT INTO op_log (id, op_type, op_key, payload, idempotency_key, priority, deadline_at, trace_context)
     SELECT f.id, d.op_type, d.op_key, d.payload, d.idempotency_key, d.priority, d.deadline_at, d.trace_context
     FROM replaced r JOIN dead d ON d.id = r.id CROSS JOIN fresh f
     RETURNING id
   ),
   audited AS (${auditBehind('dead')})
   SELECT id::text FROM revived UNION ALL SELECT id::text FROM copied`,
);

/** $7 marker, $8 reason. */
export const DISCARD = statement(
  'discard',
  `WITH discarded AS (
     UPDATE op_log SET status = 'done', finished_at = now(), reason = $8::text
     WHERE id = $7::bigint AND status = 'dead' RETURNING id
   ),
   audited AS (${auditBehind('discarded')})
   SELECT id::text FROM discarded`,
);

export const WRITE_AUDIT = statement('write_audit', INSERT_AUDIT);

// ---- pauses

/** $7 type, $8 by whom, $9 reason. */
export const PAUSE_TYPE = statement(
  'pause_type',
  `WITH paused AS (
     INSERT INTO operation_pause (type, paused_by, reason) VALUES ($7::text, $8::text, $9::text)
     ON CONFLICT DO NOTHING RETURNING type
   ),
   audited AS (${auditBehind('paused')})
   SELECT type FROM paused`,
);

/** $7 type. */
export const RESUME_TYPE = statement(
  'resume_type',
  `WITH resumed AS (DELETE FROM operation_pause WHERE type = $7::text RETURNING type),
   audited AS (${auditBehind('resumed')})
   SELECT type FROM resumed`,
);

export const PAUSED_TYPES = statement(
  'paused_types',
  `SELECT type, paused_by, reason, ${instant('at', 'at_ms')} FROM operation_pause ORDER BY type`,
);

// ---- keys

const KEY = `id::text, name, role, ${instant('created_at', 'created_ms')}, ${instant('revoked_at', 'revoked_ms')}`;

/** $7 name, $8 role, $9 hash. */
export const CREATE_KEY = statement(
  'create_key',
  `WITH created AS (
     INSERT INTO admin_key (name, role, hash) VALUES ($7::text, $8::text, $9::text) RETURNING id
   ),
   audited AS (${auditBehind('created')})
   SELECT id::text FROM created`,
);

/** $7 name. */
export const REVOKE_KEY = statement(
  'revoke_key',
  `WITH revoked AS (
     UPDATE admin_key SET revoked_at = now() WHERE name = $7::text AND revoked_at IS NULL RETURNING id
   ),
   audited AS (${auditBehind('revoked')})
   SELECT id::text FROM revoked`,
);

/** $1 hash. */
export const FIND_KEY = statement(
  'find_key',
  `SELECT ${KEY} FROM admin_key WHERE hash = $1::text AND revoked_at IS NULL`,
);

/** $1 limit. */
export const LIST_KEYS = statement(
  'list_keys',
  `SELECT ${KEY} FROM admin_key ORDER BY admin_key.id DESC LIMIT $1`,
);

// ---- backlog: each count stops at $1, and the types at $2

/** Jumps from type to type, whatever their backlogs. */
export const PENDING_BACKLOG = statement(
  'pending_backlog',
  `WITH RECURSIVE pending (type) AS (
     (SELECT op_type FROM op_log WHERE status = 'pending' ORDER BY op_type LIMIT 1)
     UNION ALL
     SELECT (SELECT op_type FROM op_log WHERE status = 'pending' AND op_type > p.type ORDER BY op_type LIMIT 1)
     FROM pending p WHERE p.type IS NOT NULL
   )
   SELECT p.type, least(sum(d.due), $1)::int AS pending,
     coalesce(greatest(extract(epoch FROM clock_timestamp() - min(d.oldest)) * 1000, 0), 0)::float8 AS oldest_pending_ms
   FROM (SELECT type FROM pending WHERE type IS NOT NULL LIMIT $2) p CROSS JOIN unnest('{-1, 0, 1}'::smallint[]) q (priority) CROSS JOIN LATERAL (
     SELECT count(*) AS due, min(due_at) AS oldest FROM (
       SELECT due_at FROM op_log
       WHERE op_type = p.type AND status = 'pending' AND priority = q.priority AND due_at <= now()
       ORDER BY due_at LIMIT $1
     ) one
   ) d
   GROUP BY p.type`,
);

export const LIVE_BACKLOG = statement(
  'live_backlog',
  `WITH RECURSIVE known (type) AS (
     (SELECT type FROM saga ORDER BY type LIMIT 1)
     UNION ALL
     SELECT (SELECT type FROM saga s WHERE s.type > k.type ORDER BY type LIMIT 1) FROM known k WHERE k.type IS NOT NULL
   )
   SELECT k.type, l.state, count(*)::int AS count
   FROM (SELECT type FROM known WHERE type IS NOT NULL LIMIT $2) k CROSS JOIN LATERAL (
     SELECT s.state FROM saga s WHERE s.type = k.type AND s.ended_state IS NULL AND s.state <> 'paused' LIMIT $1
   ) l
   GROUP BY k.type, l.state`,
);

/** The condition of the index saga_paused. */
export const IS_PAUSED = `session_id IS NULL AND due_at IS NULL AND finished_at IS NULL`;
/** The condition of the index op_log_set_aside. */
export const IS_SET_ASIDE = `(status = 'dead' OR (status = 'done' AND reason IS NOT NULL))`;
/** The condition of the index op_log_waiting. */
export const IS_WAITING = `status IN ('pending', 'parked')`;

/** Counted apart, so that none is hidden behind many that run. */
export const PAUSED_BACKLOG = statement(
  'paused_backlog',
  `SELECT type, count(*)::int AS count FROM (
     SELECT type FROM saga WHERE ${IS_PAUSED} AND state = 'paused' ORDER BY id DESC LIMIT $1
   ) s GROUP BY type`,
);

export const DEAD_BACKLOG = statement(
  'dead_backlog',
  `SELECT type, count(*)::int AS count FROM (
     SELECT op_type AS type FROM op_log WHERE ${IS_SET_ASIDE} AND status = 'dead' ORDER BY id DESC LIMIT $1
   ) o GROUP BY type`,
);
