// Every statement of the store, one operation each, named as the port's verbs. `$n` are explained by the function that
// sends the statement; ids travel as text, because a bigint does not fit a JavaScript number.
//
// Rules that hold for all of them:
// - Rows are chosen in a MATERIALIZED CTE and changed `WHERE id = ANY(ARRAY(SELECT …))`: a join to a LIMITed subquery gets
//   a hash join with a sequential scan of the table from the planner.
// - Whoever only looks for work skips locked rows. Whoever must not miss a row (RELEASE_KEYS) waits, in the order of ids.
// - The conditions of partial indexes are repeated word for word, or the index is not used.

/** A statement that the server parses once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export function statement(name: string, text: string): Statement {
  return { name: `tenon_${name}`, text };
}

/** A session that may still hold sagas: one row or none. Its lock lets the session end before or after, not meanwhile. */
const alive = (parameter: string) => `SELECT id FROM worker_session
    WHERE id = ${parameter}::bigint AND ended_at IS NULL AND expires_at > now() FOR SHARE`;

/** The markers of a key that make later ones wait. The condition of the index op_log_key. */
const HOLDS_KEY = `status IN ('pending', 'parked', 'taken') AND op_key IS NOT NULL`;

/** The first marker of a key, by one probe of op_log_key. */
export const headOf = (key: string) => `(SELECT head.id FROM op_log head
      WHERE head.op_key = ${key} AND ${HOLDS_KEY} ORDER BY head.id LIMIT 1)`;

/** The one of a key that runs or is paused, by one probe of op_log_taken. */
export const takenOf = (key: string) =>
  `(SELECT id FROM op_log running WHERE op_key = ${key} AND status = 'taken' AND op_key IS NOT NULL)`;

/** Read once per statement, from an index that is nearly always empty: whoever pauses a type stops every process at once. */
const isNotPaused = (type: string) => `${type} <> ALL(ARRAY(SELECT p.type FROM operation_pause p))`;

/** None of the key runs or is paused. `NOT EXISTS` would be planned as a join to all of them. */
const isFree = (key: string) => `${takenOf(key)} IS NULL`;

export const milliseconds = (parameter: string) =>
  `${parameter}::float8 * interval '1 millisecond'`;

/** What a saga is told of its marker besides the key and the payload. */
const promised = (marker: string) =>
  `(extract(epoch FROM ${marker}.deadline_at - clock_timestamp()) * 1000)::float8 AS deadline_in_ms, ${marker}.trace_context`;

/** An instant as milliseconds since 1970, whatever an application has taught the driver about dates. */
export const instant = (column: string, name: string) =>
  `(extract(epoch FROM ${column}) * 1000)::float8 AS ${name}`;

// ---- append

/** Rows that an earlier append has made are missing from the answer; the others come in the order of the input. */
export const APPEND_MARKERS = statement(
  'append_markers',
  `INSERT INTO op_log (op_type, op_key, payload, idempotency_key, due_at, priority, deadline_at, trace_context)
   SELECT m.type, m.key, m.payload::jsonb, m.idempotency_key,
     coalesce(m.due_at, CASE WHEN m.delay_ms = 0 THEN now() ELSE clock_timestamp() + ${milliseconds('m.delay_ms')} END),
     m.priority, clock_timestamp() + ${milliseconds('m.deadline_ms')}, m.trace_context
   FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::timestamptz[], $7::smallint[],
     $8::float8[], $9::text[])
     WITH ORDINALITY m (type, key, payload, idempotency_key, delay_ms, due_at, priority, deadline_ms, trace_context, place)
   ORDER BY m.place
   ON CONFLICT (op_type, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
   RETURNING id::text, op_type AS type, idempotency_key`,
);

/** A statement of its own: at READ COMMITTED it sees what committed while APPEND_MARKERS waited for it. */
export const FIND_APPENDED = statement(
  'find_appended',
  `SELECT o.id::text, o.op_type AS type, o.idempotency_key
   FROM unnest($1::text[], $2::text[]) m (type, idempotency_key)
   CROSS JOIN LATERAL (
     SELECT id, op_type, idempotency_key FROM op_log
     WHERE op_type = m.type AND idempotency_key = m.idempotency_key AND idempotency_key IS NOT NULL
   ) o`,
);

// ---- sessions

export const OPEN_SESSION = statement(
  'open_session',
  `INSERT INTO worker_session (worker, types, expires_at, roles, versions)
   VALUES (left($1, 190), $2::jsonb, now() + ${milliseconds('$3')}, $4::jsonb, $5::jsonb) RETURNING id::text`,
);

export const RENEW_SESSION = statement(
  'renew_session',
  `UPDATE worker_session SET renewed_at = now(), expires_at = now() + ${milliseconds('$2')}
   WHERE id = $1::bigint AND ended_at IS NULL AND expires_at > now() RETURNING id::text`,
);

export const CLOSE_SESSION = statement(
  'close_session',
  `UPDATE worker_session SET ended_at = now() WHERE id = $1::bigint AND ended_at IS NULL`,
);

/** A statement of its own: it sees what was taken while CLOSE_SESSION waited for it. */
export const LET_ALL_GO = statement(
  'let_all_go',
  `UPDATE saga SET session_id = NULL, is_queued = false, due_at = now() WHERE session_id = $1::bigint`,
);

// ---- intake

/** What is due of one priority, over all types. A lower one gets what the higher ones have left of the limit. */
const dueOf = (priority: number, limit: string) => `
     SELECT d.id, d.op_key
     FROM served t CROSS JOIN LATERAL (
       SELECT o.id, o.op_key, o.due_at FROM op_log o
       WHERE o.op_type = t.type AND o.priority = ${priority} AND o.status = 'pending' AND o.due_at <= now()
       ORDER BY o.due_at, o.id LIMIT ${limit} FOR UPDATE SKIP LOCKED
     ) d
     ORDER BY d.due_at, d.id LIMIT ${limit}`;

/**
 * $1 types, $2 their versions, $3 limit, $4 inlineMax, $5 session, $6 requeueMs.
 *
 * Each type is looked up on its own (the index begins with it), so that a backlog of operations that others carry out
 * costs nothing here; and each priority, so that neither does what is not yet due of a higher one. A marker that is not the head of its key is parked without a lock on the head: the head may have
 * ended since this statement's snapshot, so the caller releases the answered `busy` keys behind this commit. A marker can
 * also become visible behind a later one of its key that runs by then; if that one was taken at the very same time, the
 * unique index op_log_taken refuses this statement, and the next attempt sees it.
 */
export const TAKE_IN = statement(
  'take_in',
  `WITH alive AS MATERIALIZED (${alive('$5')}),
   served AS MATERIALIZED (
     SELECT t.type FROM unnest($1::text[]) t (type) CROSS JOIN alive WHERE ${isNotPaused('t.type')}
   ),
   high AS MATERIALIZED (${dueOf(1, '$3')}),
   normal AS MATERIALIZED (${dueOf(0, '$3 - (SELECT count(*) FROM high)')}),
   low AS MATERIALIZED (${dueOf(-1, '$3 - (SELECT count(*) FROM high) - (SELECT count(*) FROM normal)')}),
   due AS MATERIALIZED (TABLE high UNION ALL TABLE normal UNION ALL TABLE low),
   firsts AS MATERIALIZED (SELECT op_key, min(id) AS id FROM due WHERE op_key IS NOT NULL GROUP BY op_key),
   heads AS MATERIALIZED (
     SELECT f.id, ${headOf('f.op_key')} = f.id AND ${isFree('f.op_key')} AS is_head FROM firsts f
   ),
   chosen AS MATERIALIZED (
     SELECT id FROM due WHERE op_key IS NULL UNION ALL SELECT id FROM heads WHERE is_head
   ),
   size AS MATERIALIZED (SELECT count(*) <= $4 AS is_inline FROM chosen),
   taken AS (
     UPDATE op_log SET status = 'taken' WHERE id = ANY(ARRAY(SELECT id FROM chosen))
     RETURNING id, op_type, op_key, payload, deadline_at, trace_context
   ),
   parked AS (
     UPDATE op_log SET status = 'parked'
     WHERE id = ANY(ARRAY(SELECT id FROM due EXCEPT ALL SELECT id FROM chosen)) RETURNING id
   ),
   made AS (
     INSERT INTO saga (id, type, version, fence, session_id, due_at, is_queued)
     SELECT t.id, t.op_type, v.version,
       CASE WHEN is_inline THEN 1 ELSE 0 END,
       CASE WHEN is_inline THEN $5::bigint END,
       CASE WHEN is_inline THEN now() ELSE now() + ${milliseconds('$6')} END,
       NOT is_inline
     FROM taken t JOIN unnest($1::text[], $2::int[]) v (type, version) ON v.type = t.op_type CROSS JOIN size
     RETURNING id, version, fence
   )
   SELECT CASE WHEN is_inline THEN 'held' ELSE 'queued' END AS kind, m.id::text, t.op_type AS type, m.version, m.fence,
     0 AS crashes, t.op_key AS key, CASE WHEN is_inline THEN t.payload END AS payload,
     ${promised('t')}
   FROM made m JOIN taken t ON t.id = m.id CROSS JOIN size
   UNION ALL SELECT 'parked', id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM parked
   UNION ALL SELECT 'busy', id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM heads WHERE NOT is_head`,
);

/**
 * $1 ids whose keys are looked at, $2 session or null, $3 types, $4 their versions.
 *
 * Waits for locked heads instead of skipping them. A claimer that loses its recheck keeps the row lock until its commit:
 * skipping would leave the head parked with nobody to wake it. Claimers never wait, so there is no cycle.
 */
export const RELEASE_KEYS = statement(
  'release_keys',
  `WITH alive AS MATERIALIZED (${alive('$2')}),
   keys AS MATERIALIZED (SELECT DISTINCT op_key FROM op_log WHERE id = ANY($1::bigint[]) AND op_key IS NOT NULL),
   heads AS MATERIALIZED (
     SELECT o.id,
       o.op_type = ANY($3::text[]) AND ${isNotPaused('o.op_type')} AND EXISTS (SELECT FROM alive) AS is_ours
     FROM op_log o
     WHERE o.status = 'parked'
       AND o.id = ANY(ARRAY(SELECT ${headOf('k.op_key')} FROM keys k WHERE ${isFree('k.op_key')}))
     ORDER BY o.id FOR UPDATE OF o
   ),
   others AS (
     UPDATE op_log SET status = 'pending' WHERE id = ANY(ARRAY(SELECT id FROM heads WHERE NOT is_ours)) RETURNING id
   ),
   taken AS (
     UPDATE op_log SET status = 'taken' WHERE id = ANY(ARRAY(SELECT id FROM heads WHERE is_ours))
     RETURNING id, op_type, op_key, payload, deadline_at, trace_context
   ),
   made AS (
     INSERT INTO saga (id, type, version, fence, session_id, due_at)
     SELECT t.id, t.op_type, v.version, 1, $2::bigint, now()
     FROM taken t JOIN unnest($3::text[], $4::int[]) v (type, version) ON v.type = t.op_type
     RETURNING id, version, fence
   )
   SELECT 'held' AS kind, m.id::text, t.op_type AS type, m.version, m.fence, 0 AS crashes, t.op_key AS key, t.payload,
     ${promised('t')}
   FROM made m JOIN taken t ON t.id = m.id
   UNION ALL SELECT 'pending', id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM others`,
);

/** $1 types, $2 limit, $3 inlineMax, $4 session, $5 requeueMs. A queued saga keeps its fence: its ticket shows it. */
export const TAKE_DUE = statement(
  'take_due',
  `WITH alive AS MATERIALIZED (${alive('$4')}),
   due AS MATERIALIZED (
     SELECT d.id
     FROM unnest($1::text[]) t (type) CROSS JOIN alive CROSS JOIN LATERAL (
       SELECT s.id, s.due_at FROM saga s
       WHERE s.type = t.type AND s.session_id IS NULL AND s.due_at IS NOT NULL AND s.due_at <= now()
       ORDER BY s.due_at, s.id LIMIT $2 FOR UPDATE SKIP LOCKED
     ) d
     WHERE ${isNotPaused('t.type')}
     ORDER BY d.due_at, d.id LIMIT $2
   ),
   size AS MATERIALIZED (SELECT count(*) <= $3 AS is_inline FROM due),
   claimed AS (
     UPDATE saga SET
       fence = CASE WHEN is_inline THEN fence + 1 ELSE fence END,
       session_id = CASE WHEN is_inline THEN $4::bigint END,
       due_at = CASE WHEN is_inline THEN due_at ELSE now() + ${milliseconds('$5')} END,
       is_queued = NOT is_inline
     FROM size WHERE id = ANY(ARRAY(SELECT id FROM due))
     RETURNING id, type, version, fence, crashes, is_inline
   )
   SELECT CASE WHEN is_inline THEN 'held' ELSE 'queued' END AS kind, c.id::text, c.type, c.version, c.fence, c.crashes,
     o.op_key AS key, o.payload, ${promised('o')}
   FROM claimed c LEFT JOIN op_log o ON o.id = c.id AND c.is_inline AND o.id = ANY(ARRAY(SELECT id FROM due))`,
);

/** $1 types. One probe per type and priority of the markers' index, and one per type of the sagas'. */
export const NEXT_DUE = statement(
  'next_due',
  `SELECT (extract(epoch FROM min(due_at) - clock_timestamp()) * 1000)::float8 AS ms
   FROM unnest($1::text[]) t (type) CROSS JOIN LATERAL (
     SELECT (
       SELECT due_at FROM op_log
       WHERE op_type = t.type AND priority = p.priority AND status = 'pending' ORDER BY due_at LIMIT 1
     ) AS due_at
     FROM (VALUES (1::smallint), (0::smallint), (-1::smallint)) p (priority)
     UNION ALL
     (SELECT due_at FROM saga
      WHERE saga.type = t.type AND session_id IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 1)
   ) d
   WHERE ${isNotPaused('t.type')}`,
);

export const REQUEUE_QUEUED = statement(
  'requeue_queued',
  `UPDATE saga SET due_at = now() WHERE id = ANY(ARRAY(
     SELECT id FROM saga
     WHERE is_queued AND session_id IS NULL AND due_at IS NOT NULL AND due_at > now() FOR UPDATE SKIP LOCKED
   ))`,
);

// ---- holding

/**
 * $1 ids, $2 their tickets' fences, $3 session. The pauses are looked at behind the lock: one more condition in front of it,
 * whose share of the rows nobody can guess, made the planner compare the tickets pair by pair (half as long again for 200).
 */
export const ADOPT = statement(
  'adopt',
  `WITH alive AS MATERIALIZED (${alive('$3')}),
   free AS MATERIALIZED (
     SELECT s.id, s.type FROM saga s
     WHERE s.id = ANY($1::bigint[]) AND s.session_id IS NULL AND s.due_at IS NOT NULL AND EXISTS (SELECT FROM alive)
       AND (s.id, s.fence) IN (SELECT * FROM unnest($1::bigint[], $2::int[]))
     FOR UPDATE OF s SKIP LOCKED
   ),
   adopted AS (
     UPDATE saga SET fence = fence + 1, session_id = $3::bigint, is_queued = false
     WHERE id = ANY(ARRAY(SELECT f.id FROM free f WHERE ${isNotPaused('f.type')}))
     RETURNING id, type, version, fence, crashes
   )
   SELECT a.id::text, a.type, a.version, a.fence, a.crashes, o.op_key AS key, o.payload, ${promised('o')}
   FROM adopted a JOIN op_log o ON o.id = a.id AND o.id = ANY($1::bigint[])`,
);

/** $1 ids, $2 session. */
export const LOAD = statement(
  'load',
  `SELECT s.id::text, s.type, s.version, s.fence, s.crashes, o.op_key AS key, o.payload, ${promised('o')}
   FROM saga s JOIN op_log o ON o.id = s.id AND o.id = ANY($1::bigint[])
   WHERE s.id = ANY($1::bigint[]) AND s.session_id = $2::bigint`,
);

export const LOAD_HISTORY = statement(
  'load_history',
  `SELECT saga_id::text, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason, result,
     duration_ms, fence, session_id::text, verb, ${instant('at', 'at_ms')}
   FROM saga_transition WHERE saga_id = ANY($1::bigint[]) ORDER BY saga_id, seq`,
);

export const HELD_IDS = statement(
  'held_ids',
  `SELECT id::text FROM saga WHERE session_id = $1::bigint`,
);

/** $1 ids, $2 session, $3 delayMs. */
export const LET_GO = statement(
  'let_go',
  `UPDATE saga SET session_id = NULL, is_queued = false, due_at = now() + ${milliseconds('$3')}
   WHERE id = ANY($1::bigint[]) AND session_id = $2::bigint`,
);

// ---- recording

/**
 * $1 session; per saga $2 id, $3 fence, $4 state, $5 seq, $6 number of new rows, $7 exit, $8 delayMs, $9 reason,
 * $10 the marker's new status or null; per transition $11 saga, $12 seq and so on.
 *
 * A saga's row may lag behind its history, because a transactional handler commits its rows without touching it: the
 * history decides whether the caller knows it all. Whoever writes the same number at the same time is stopped by the
 * history's primary key.
 *
 * The planner takes the arrays for ten rows. `IS NOT DISTINCT FROM` keeps it from finding the sagas by their session, of
 * which there are thousands, and joining those with the entries pair by pair: 500 entries took 440 ms like that, 15 so.
 */
export const RECORD = statement(
  'record',
  `WITH entry AS MATERIALIZED (
     SELECT e.*, coalesce((SELECT max(t.seq) FROM saga_transition t WHERE t.saga_id = e.id), 0) AS known
     FROM unnest($2::bigint[], $3::int[], $4::text[], $5::int[], $6::int[], $7::text[], $8::float8[], $9::text[],
       $10::text[])
       e (id, fence, state, seq, added, exit, delay_ms, reason, marker)
   ),
   recorded AS (
     UPDATE saga s SET
       state = e.state,
       seq = e.seq,
       session_id = CASE WHEN e.exit = 'stays' THEN s.session_id END,
       due_at = CASE e.exit WHEN 'stays' THEN s.due_at WHEN 'waits' THEN now() + ${milliseconds('e.delay_ms')} END,
       crashes = 0,
       reason = CASE WHEN e.exit IN ('ends', 'pauses') THEN e.reason ELSE s.reason END,
       finished_at = CASE WHEN e.exit = 'ends' THEN now() ELSE s.finished_at END
     FROM entry e
     WHERE s.id = e.id AND s.fence = e.fence AND s.session_id IS NOT DISTINCT FROM $1::bigint
       AND s.seq <= e.seq AND e.seq - e.added = e.known
     RETURNING s.id, s.fence, e.marker, e.reason
   ),
   history AS (
     INSERT INTO saga_transition (saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason,
       result, duration_ms, fence, session_id)
     SELECT t.saga_id, t.seq, t.step, t.phase, t.attempt, t.from_state, t.to_state, t.outcome, t.error_code, t.reason,
       t.result::jsonb, t.duration_ms, r.fence, $1::bigint
     FROM unnest($11::bigint[], $12::int[], $13::text[], $14::text[], $15::int[], $16::text[], $17::text[], $18::text[],
       $19::text[], $20::text[], $21::text[], $22::int[])
       t (saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason, result, duration_ms)
     JOIN recorded r ON r.id = t.saga_id
   ),
   done AS (
     UPDATE op_log SET status = 'done', finished_at = now()
     WHERE id = ANY(ARRAY(SELECT id FROM recorded WHERE marker = 'done')) AND status = 'taken'
   ),
   dead AS (
     UPDATE op_log o SET status = 'dead', finished_at = now(), reason = r.reason
     FROM recorded r WHERE r.marker = 'dead' AND o.id = r.id AND o.status = 'taken'
   )
   SELECT id::text FROM recorded`,
);

// ---- a transactional handler's transaction

/** What a step of a saga is tagged with, besides the fence. */
const tagOf = (saga: string, step: string) => `hashtext(${saga}::text || '/' || ${step}::text)`;

const FENCE_COLUMNS = `saga_fence (saga_id, step, phase, fence, session_id)`;

/**
 * $1 saga, $2 fence, $3 session, $4 step, $5 phase, $6 the phase that this one undoes, or null, $7 after how many
 * milliseconds of silence the server ends this transaction, $8 how long each of its statements may take, in milliseconds, or
 * null: settings of this transaction alone, at no round trip of their own. A shorter limit of the application's stays.
 *
 * The tag is a lock that nobody waits for: it tells END_EARLIER which connection is in the middle of this step, and under
 * which fence.
 *
 * Insert first, never look first. `is_empty`: the row of the undone phase could be written here, so that phase never
 * happened and, with its row in place, never can.
 */
export const FENCE = statement(
  'fence',
  `WITH tag AS MATERIALIZED (
     SELECT pg_advisory_xact_lock_shared(${tagOf('$1', '$4')}, $2::int),
       set_config('idle_in_transaction_session_timeout', $7::text, true),
       CASE WHEN $8::text IS NOT NULL AND (current_setting('statement_timeout') = '0'
         OR current_setting('statement_timeout')::interval > ${milliseconds('$8::text')})
       THEN set_config('statement_timeout', $8::text, true) END
   ),
   holder AS MATERIALIZED (
     SELECT id, fence, session_id FROM saga, tag
     WHERE id = $1::bigint AND fence = $2::int AND session_id = $3::bigint
   ),
   undone AS (
     INSERT INTO ${FENCE_COLUMNS} SELECT id, $4::text, $6::text, fence, session_id FROM holder WHERE $6::text IS NOT NULL
     ON CONFLICT DO NOTHING RETURNING 1
   ),
   own AS (
     INSERT INTO ${FENCE_COLUMNS} SELECT id, $4::text, $5::text, fence, session_id FROM holder
     ON CONFLICT DO NOTHING RETURNING 1
   )
   SELECT EXISTS (SELECT FROM own) AS is_first, EXISTS (SELECT FROM undone) AS is_empty,
     EXISTS (SELECT FROM saga_fence WHERE saga_id = $1::bigint AND step = $4::text AND phase = 'try') AS was_tried,
     pg_backend_pid() AS pid`,
);

/** $1 saga, $2 its fence, $3 step, $4 how long to wait for each, in milliseconds: ends who is in it under an earlier fence. */
export const END_EARLIER = statement(
  'end_earlier',
  `SELECT pg_terminate_backend(pid, $4::bigint) AS is_ended FROM pg_locks
   WHERE locktype = 'advisory' AND granted AND objsubid = 2
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND classid::bigint = (${tagOf('$1', '$3')})::bigint & 4294967295 AND objid::bigint < $2::int`,
);

/**
 * $1 saga, $2 fence, $3 session, $4 seq and so on: rows of one saga, if the session still holds it; $15 the state in which
 * it ends with them or null, $16 the reason. `is_ended` is false where the saga was taken over while this waited for its row.
 * That row comes first, as for everyone who writes both: an operator who took them in the other order would be a deadlock.
 */
export const RECORD_STEP = statement(
  'record_step',
  `WITH row AS MATERIALIZED (
     SELECT * FROM unnest($4::int[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[], $10::text[], $11::text[],
       $12::text[], $13::text[], $14::int[])
       t (seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason, result, duration_ms)
   ),
   ended AS (
     UPDATE saga SET state = $15::text, seq = (SELECT max(seq) FROM row), session_id = NULL, due_at = NULL, crashes = 0,
       reason = $16::text, finished_at = clock_timestamp()
     WHERE id = $1::bigint AND fence = $2::int AND session_id = $3::bigint AND $15::text IS NOT NULL
     RETURNING 1
   ),
   history AS (
     INSERT INTO saga_transition (saga_id, seq, step, phase, attempt, from_state, to_state, outcome, error_code, reason,
       result, duration_ms, fence, session_id)
     SELECT s.id, t.seq, t.step, t.phase, t.attempt, t.from_state, t.to_state, t.outcome, t.error_code, t.reason,
       t.result::jsonb, t.duration_ms, s.fence, s.session_id
     FROM saga s, row t WHERE s.id = $1::bigint AND s.fence = $2::int AND s.session_id = $3::bigint
       AND ($15::text IS NULL OR EXISTS (SELECT FROM ended))
     RETURNING 1
   ),
   done AS (
     UPDATE op_log SET status = 'done', finished_at = clock_timestamp()
     WHERE id = $1::bigint AND status = 'taken' AND EXISTS (SELECT FROM ended)
   )
   SELECT EXISTS (SELECT FROM history) AS is_recorded, $15::text IS NULL OR EXISTS (SELECT FROM ended) AS is_ended`,
);

/** $1 process id of a connection, $2 how long to wait for its end, in milliseconds. */
export const END_CONNECTION = statement(
  'end_connection',
  `SELECT pg_terminate_backend($1::int, $2::bigint) AS is_ended`,
);

// ---- repair

export const END_LAPSED_SESSIONS = statement(
  'end_lapsed_sessions',
  `UPDATE worker_session SET ended_at = now(), has_lapsed = true WHERE id = ANY(ARRAY(
     SELECT id FROM worker_session WHERE ended_at IS NULL AND expires_at <= now() FOR UPDATE SKIP LOCKED
   ))`,
);

/**
 * $1 limit. Frees what ended sessions hold: not only those that were just ended, because a row that was locked then, or
 * that a claim on its way still wrote for them, is found by the next run.
 */
export const FREE_ORPHANS = statement(
  'free_orphans',
  `WITH orphan AS MATERIALIZED (
     SELECT s.id, w.has_lapsed FROM saga s JOIN worker_session w ON w.id = s.session_id
     WHERE s.session_id IS NOT NULL AND w.ended_at IS NOT NULL LIMIT $1 FOR UPDATE OF s SKIP LOCKED
   )
   UPDATE saga s SET session_id = NULL, is_queued = false, due_at = now(),
     crashes = CASE WHEN o.has_lapsed THEN s.crashes + 1 ELSE s.crashes END
   FROM orphan o WHERE s.id = o.id AND s.id = ANY(ARRAY(SELECT id FROM orphan))`,
);

/**
 * $1 graceMs, $2 limit. The types are found by jumping from one to the next in the index, whatever their backlogs.
 * Known is what any session of the last day listed: a service that is being deployed comes back. While no session lives
 * nothing is buried.
 */
export const BURY_UNSERVED = statement(
  'bury_unserved',
  `WITH RECURSIVE known AS MATERIALIZED (
     SELECT jsonb_array_elements_text(types) AS type FROM worker_session WHERE renewed_at > now() - interval '1 day'
   ),
   pending (type) AS (
     (SELECT op_type FROM op_log WHERE status = 'pending' ORDER BY op_type LIMIT 1)
     UNION ALL
     SELECT (SELECT op_type FROM op_log WHERE status = 'pending' AND op_type > p.type ORDER BY op_type LIMIT 1)
     FROM pending p WHERE p.type IS NOT NULL
   ),
   unserved AS MATERIALIZED (
     SELECT u.id FROM pending p CROSS JOIN LATERAL (
       SELECT o.id FROM op_log o
       WHERE o.op_type = p.type AND o.status = 'pending'
         AND greatest(o.due_at, o.created_at) <= now() - ${milliseconds('$1')}
       ORDER BY o.priority, o.due_at, o.id LIMIT $2 FOR UPDATE SKIP LOCKED
     ) u
     WHERE p.type <> ALL(ARRAY(SELECT type FROM known)) 
         AND EXISTS (SELECT FROM worker_session WHERE ended_at IS NULL AND expires_at > now())
   )
   UPDATE op_log SET status = 'dead', finished_at = now(),
     reason = 'TENON_UNKNOWN_OPERATION: no worker of the last day runs operations of the type "' || op_type || '"'
   WHERE id = ANY(ARRAY(SELECT id FROM unserved)) RETURNING id::text`,
);

/** The condition of the index op_log_parked. */
const IS_PARKED = `status = 'parked' AND op_key IS NOT NULL`;

/**
 * $1 graceMs, $2 the first key to look at, $3 how many keys. One row per key that has parked markers, with its head's id
 * if that is one of them and nobody is on the way to it.
 *
 * Jumps from key to key, with two or three probes for each: however many of one key are parked, and however many pending
 * ones there are besides.
 */
export const FIND_PARKED_HEADS = statement(
  'find_parked_heads',
  `WITH RECURSIVE parked (op_key, place) AS (
     (SELECT op_key, 1 FROM op_log WHERE op_key >= $2 AND ${IS_PARKED} ORDER BY op_key LIMIT 1)
     UNION ALL
     SELECT n.op_key, p.place + 1 FROM parked p CROSS JOIN LATERAL (
       SELECT op_key FROM op_log WHERE op_key > p.op_key AND ${IS_PARKED} ORDER BY op_key LIMIT 1
     ) n
     WHERE p.place < $3::int
   )
   SELECT p.op_key AS key,
     (SELECT o.id::text FROM op_log o WHERE o.id = ${headOf('p.op_key')} AND o.status = 'parked'
        AND greatest(o.due_at, o.created_at) <= now() - ${milliseconds('$1')} AND ${isFree('p.op_key')}) AS head
   FROM parked p ORDER BY p.place`,
);

/** $1 ids: those of them that are still parked at the head of their key become pending. */
export const FREE_PARKED_HEADS = statement(
  'free_parked_heads',
  `UPDATE op_log SET status = 'pending' WHERE status = 'parked' AND id = ANY(ARRAY(
     SELECT o.id FROM op_log o
     WHERE o.id = ANY($1::bigint[]) AND ${headOf('o.op_key')} = o.id AND ${isFree('o.op_key')}
     ORDER BY o.id FOR UPDATE OF o
   ))`,
);

/** $1 retentionMs, $2 limit, $3 the saga behind which to look, $4 how many rows to look at. */
export const TIDY_FENCES = statement(
  'tidy_fences',
  `WITH seen AS MATERIALIZED (
     SELECT saga_id, step, phase FROM saga_fence WHERE saga_id > $3::bigint ORDER BY saga_id LIMIT $4
   ),
   old AS MATERIALIZED (
     SELECT s.id FROM saga s
     WHERE s.id = ANY(ARRAY(SELECT DISTINCT saga_id FROM seen)) AND s.finished_at <= now() - ${milliseconds('$1')}
   ),
   chosen AS MATERIALIZED (SELECT * FROM seen WHERE saga_id IN (SELECT id FROM old) ORDER BY saga_id LIMIT $2),
   deleted AS (
     DELETE FROM saga_fence f USING chosen c
     WHERE f.saga_id = c.saga_id AND f.step = c.step AND f.phase = c.phase
       AND f.saga_id = ANY(ARRAY(SELECT saga_id FROM chosen))
     RETURNING 1
   )
   SELECT (SELECT count(*) FROM deleted)::int AS deleted, (SELECT count(*) FROM seen)::int AS seen,
     (SELECT max(saga_id) FROM seen)::text AS last_seen`,
);

/** Of a marker and its saga's state: nobody needs it any more. Sagas that were killed, and markers that are dead, are kept. */
const hasEnded = (marker: string) => `${marker}.status = 'done'
       AND coalesce((SELECT s.state FROM saga s WHERE s.id = ${marker}.id), 'completed') IN ('completed', 'compensated')`;

/** $1 retentionMs, $2 the id behind which to look, $3 how many rows to look at. By the primary key: no index has the ends. */
export const FIND_OLD = statement(
  'find_old',
  `SELECT o.id::text, o.created_at > now() - ${milliseconds('$1')} AS is_young,
     o.finished_at IS NOT NULL AND o.finished_at <= now() - ${milliseconds('$1')} AND ${hasEnded('o')} AS is_old
   FROM op_log o WHERE o.id > $2::bigint ORDER BY o.id LIMIT $3`,
);

/** $1 ids. */
export const DELETE_OLD = statement(
  'delete_old',
  `WITH old AS MATERIALIZED (
     SELECT o.id FROM op_log o WHERE o.id = ANY($1::bigint[]) AND ${hasEnded('o')}
     ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
   ),
   fences AS (DELETE FROM saga_fence WHERE saga_id = ANY(ARRAY(SELECT id FROM old))),
   history AS (DELETE FROM saga_transition WHERE saga_id = ANY(ARRAY(SELECT id FROM old))),
   sagas AS (DELETE FROM saga WHERE id = ANY(ARRAY(SELECT id FROM old)))
   DELETE FROM op_log WHERE id = ANY(ARRAY(SELECT id FROM old))`,
);

/**
 * $1 retentionMs, $2 limit. Ids grow with time, so the oldest come first in the order of the primary key, and living ones
 * before them are as few as there are processes. Locked in turn, and left to the next run where someone else tidies.
 */
export const TIDY_SESSIONS = statement(
  'tidy_sessions',
  `DELETE FROM worker_session WHERE id = ANY(ARRAY(
     SELECT w.id FROM worker_session w
     WHERE w.ended_at <= now() - ${milliseconds('$1')} AND w.renewed_at <= now() - ${milliseconds('$1')}
       AND NOT EXISTS (SELECT FROM saga s WHERE s.session_id = w.id AND s.session_id IS NOT NULL)
     ORDER BY w.id LIMIT $2 FOR UPDATE OF w SKIP LOCKED
   ))`,
);

/** $1 retentionMs, $2 limit. */
export const TIDY_REPAIR_RUNS = statement(
  'tidy_repair_runs',
  `DELETE FROM repair_run WHERE id = ANY(ARRAY(
     SELECT id FROM (SELECT id, at FROM repair_run ORDER BY id LIMIT $2) oldest WHERE at <= now() - ${milliseconds('$1')}
   ))`,
);

export const RECORD_REPAIR = statement(
  'record_repair',
  `INSERT INTO repair_run (rule, found, repaired, duration_ms, error) VALUES ($1, $2, $3, $4, $5)`,
);

// ---- reports

/** $1 ids. */
export const FIND_SAGAS = statement(
  'find_sagas',
  `SELECT o.id::text, o.op_type AS type, o.op_key AS key, o.payload, o.status AS marker_status, s.state, s.version,
     coalesce(s.reason, o.reason) AS reason, ${instant('o.created_at', 'created_ms')},
     ${instant('CASE WHEN s.id IS NULL THEN o.finished_at ELSE s.finished_at END', 'finished_ms')}
   FROM op_log o LEFT JOIN saga s ON s.id = o.id WHERE o.id = ANY($1::bigint[]) ORDER BY o.id`,
);

/** Jumps from head to head: the first entry of the next key in op_log_key is its head. */
const HEADS = `head (op_key, id) AS (
     (SELECT op_key, id FROM op_log WHERE ${HOLDS_KEY} ORDER BY op_key, id LIMIT 1)
     UNION ALL
     SELECT n.* FROM head h CROSS JOIN LATERAL (
       SELECT op_key, id FROM op_log WHERE op_key > h.op_key AND ${HOLDS_KEY} ORDER BY op_key, id LIMIT 1
     ) n
   )`;

/** $1 limit. The keys behind which most wait come first. */
export const BLOCKED_KEYS = statement(
  'blocked_keys',
  `WITH RECURSIVE ${HEADS},
   blocked AS MATERIALIZED (
     SELECT o.op_key, o.id, o.op_type AS type, CASE WHEN o.status = 'taken' THEN s.state ELSE 'pending' END AS state
     FROM head h
     LEFT JOIN op_log t ON t.op_key = h.op_key AND t.op_key IS NOT NULL AND t.status = 'taken'
     JOIN op_log o ON o.id = coalesce(t.id, h.id)
     LEFT JOIN saga s ON s.id = o.id
     WHERE (o.status = 'pending' AND o.due_at > now())
       OR (o.status = 'taken' AND s.state = 'paused')
       OR (o.status = 'taken' AND s.session_id IS NULL AND NOT s.is_queued AND s.due_at > now())
   )
   SELECT * FROM (
     SELECT b.op_key AS key, b.id::text AS head_id, b.type AS head_type, b.state AS head_state,
       (SELECT count(*) FROM op_log WHERE op_key = b.op_key AND id <> b.id AND ${HOLDS_KEY})::int AS waiting
     FROM blocked b
   ) k
   WHERE waiting > 0 ORDER BY waiting DESC, key LIMIT $1`,
);
