import type { HeldSaga, Taken, TakeRequest } from '@tenon/core';
import { rowsOf, type Answer, type Statement } from './connection';
import type { Database, Transaction } from './database';
import { firstsOfKeys, parkedHeads, sortOut, type Candidate, type HeadRow } from './heads';
import { hold } from './holding';
import { byId, heldSaga, numbersOf, type SagaRow } from './row';
import * as SQL from './sql';

const NOTHING: Taken = { held: [], queued: [], parked: 0 };
/** The fence of a saga that is held from its beginning. */
const FENCE_HELD = 1;
const FENCE_QUEUED = 0;

/** Highest first. */
const PRIORITIES = [1, 0, -1];

interface DueRow {
  readonly id: string;
  readonly due_at: Date;
  readonly priority?: number;
}
interface DueMarker extends DueRow, Candidate {
  readonly type: string;
}
interface DueSaga extends DueRow {
  readonly fence: number;
}
/** What a marker hands on to its saga. */
type Promised = Pick<SagaRow, 'payload' | 'deadline_in_ms' | 'trace_context'>;
interface ParkedMarker extends Candidate, Promised {
  readonly type: string;
}

/** What a session may be given, and how. */
type Claim = Pick<TakeRequest, 'sessionId' | 'types' | 'requeueMs'>;

/**
 * Claims markers and makes their sagas. A key whose head was in the way may have become free between this transaction's
 * look and its commit, so such keys are looked at again behind it.
 */
export async function takeIn(database: Database, request: TakeRequest): Promise<Taken> {
  const { taken, busy } = await database.transaction((transaction) =>
    takeInOnce(transaction, request),
  );
  const sessionId = request.inlineMax > 0 ? request.sessionId : null;
  const released = await releaseKeys(database, busy, sessionId, request.types);
  return { ...taken, held: [...taken.held, ...released] };
}

interface TakenIn {
  readonly taken: Taken;
  /** Markers whose keys someone else holds. */
  readonly busy: readonly string[];
}

async function takeInOnce(transaction: Transaction, request: TakeRequest): Promise<TakenIn> {
  const { types, limit } = request;
  const claims = types.flatMap(({ type }) =>
    PRIORITIES.map((priority): Statement => [SQL.TAKE_IN, type, priority, type, limit]),
  );
  const due = await findDue<DueMarker>(transaction, claims, request);
  if (due.length === 0) return { taken: NOTHING, busy: [] };
  const firsts = firstsOfKeys(due);
  const heads = firsts.length === 0 ? [] : await transaction.send([SQL.HEADS, numbersOf(firsts)]);
  const { taken, parked, busy } = sortOut(due, rowsOf<HeadRow>(heads[0]));
  const isInline = taken.length <= request.inlineMax;
  const answers = await transaction.commit(
    ...setStatus('parked', parked),
    ...makeSagas(taken, request, isInline),
    ...(isInline && taken.length > 0 ? [[SQL.PAYLOADS, numbersOf(taken.map(idOf))] as const] : []),
  );
  return {
    taken: {
      held: isInline ? newSagas(taken, request.types, promisedBy(answers.at(-1))) : [],
      queued: isInline ? [] : taken.map(({ id }) => ({ id, fence: FENCE_QUEUED })),
      parked: parked.length,
    },
    busy,
  };
}

/** Claims sagas that nobody holds and that are due. A queued saga keeps its fence: its ticket shows it. */
export async function takeDue(database: Database, request: TakeRequest): Promise<Taken> {
  return database.transaction(async (transaction) => {
    const { types, limit } = request;
    const claims = types.map(({ type }): Statement => [SQL.TAKE_DUE, type, type, limit]);
    const due = await findDue<DueSaga>(transaction, claims, request);
    const ids = due.map(idOf);
    if (ids.length <= request.inlineMax)
      return { ...NOTHING, held: await hold(transaction, ids, request.sessionId) };
    await transaction.commit([SQL.QUEUE, request.requeueMs, numbersOf(ids)]);
    return { ...NOTHING, queued: due.map(({ id, fence }) => ({ id, fence })) };
  });
}

/** Hands the next marker of each of the keys of `ids` to the session, or makes it pending. */
export async function releaseKeys(
  database: Database,
  ids: readonly string[],
  sessionId: string | null,
  types: TakeRequest['types'],
): Promise<readonly HeldSaga[]> {
  if (ids.length === 0) return [];
  const next = parkedHeads(await database.rows<HeadRow>(SQL.HEADS, numbersOf(ids)));
  if (next.length === 0) return [];
  return database.transaction(async (transaction) => {
    const [session, parked, paused] = await transaction.send(
      [SQL.LIVING_SESSION, sessionId === null ? null : BigInt(sessionId)],
      [SQL.RELEASE_KEYS, numbersOf(next)],
      [SQL.PAUSED_TYPES],
    );
    const resting = new Set(rowsOf<{ readonly type: string }>(paused).map(({ type }) => type));
    const served = types.map(({ type }) => type).filter((type) => !resting.has(type));
    const known = rowsOf(session).length > 0 ? served : [];
    const markers = rowsOf<ParkedMarker>(parked);
    const ours = markers.filter(({ type }) => known.includes(type));
    const others = markers.filter(({ type }) => !known.includes(type));
    if (markers.length === 0) return [];
    const claim = { sessionId: sessionId ?? '0', types, requeueMs: 0 };
    await transaction.commit(...setStatus('pending', others), ...makeSagas(ours, claim, true));
    return newSagas(ours, types, promisedBy(parked));
  });
}

/** Milliseconds until something of these types is due. */
export async function nextDueMs(
  database: Database,
  types: TakeRequest['types'],
  msMax: number,
): Promise<number> {
  if (types.length === 0) return msMax;
  const values = types.flatMap(({ type }) => [type, type, type, type]);
  const [row] = await database.rows<{ readonly ms: string | null }>(
    SQL.NEXT_DUE(types.length),
    ...values,
  );
  const ms = Number(row?.ms ?? msMax);
  return Math.min(msMax, Math.max(0, Math.ceil(ms)));
}

/** Makes every queued saga due at once. */
export async function requeueQueued(database: Database): Promise<number> {
  const queued = await database.rows<{ readonly id: string }>(SQL.FIND_QUEUED);
  return queued.length === 0 ? 0 : database.change(SQL.REQUEUE_QUEUED, numbersOf(queued.map(idOf)));
}

/** Locks what is due, and answers the most important and oldest of it; nothing for a session that has ended. */
async function findDue<Row extends DueRow>(
  transaction: Transaction,
  claims: readonly Statement[],
  { sessionId, limit }: TakeRequest,
): Promise<readonly Row[]> {
  const [session, ...due] = await transaction.send(
    [SQL.LIVING_SESSION, BigInt(sessionId)],
    ...claims,
  );
  if (rowsOf(session).length === 0) return [];
  const rows = due.flatMap((answer) => rowsOf<Row>(answer));
  rows.sort(
    (a, b) =>
      (b.priority ?? 0) - (a.priority ?? 0) ||
      a.due_at.getTime() - b.due_at.getTime() ||
      byId(a, b),
  );
  return rows.slice(0, limit);
}

function setStatus(status: string, markers: readonly Candidate[]): readonly Statement[] {
  return markers.length === 0 ? [] : [[SQL.SET_STATUS, status, numbersOf(markers.map(idOf))]];
}

function makeSagas(
  markers: readonly (Candidate & { readonly type: string })[],
  { sessionId, types, requeueMs }: Claim,
  isHeld: boolean,
): readonly Statement[] {
  if (markers.length === 0) return [];
  const sagas = JSON.stringify(
    [...markers].sort(byId).map(({ id, type }) => [id, type, versionOf(type, types)]),
  );
  const making: Statement = isHeld
    ? [SQL.MAKE_SAGAS, BigInt(sessionId), FENCE_HELD, false, 0, sagas]
    : [SQL.MAKE_SAGAS, null, FENCE_QUEUED, true, requeueMs, sagas];
  return [...setStatus('taken', markers), making];
}

function newSagas(
  markers: readonly (Candidate & { readonly type: string })[],
  types: TakeRequest['types'],
  promised: ReadonlyMap<string, Promised>,
): readonly HeldSaga[] {
  return [...markers].sort(byId).map(({ id, type, key }) => {
    const version = versionOf(type, types);
    const handedOn = promised.get(id) ?? NOTHING_PROMISED;
    return heldSaga({ ...handedOn, id, type, version, key, fence: FENCE_HELD, crashes: 0 }, []);
  });
}

function versionOf(type: string, types: TakeRequest['types']): number {
  return types.find((each) => each.type === type)?.version ?? 1;
}

const NOTHING_PROMISED: Promised = { payload: 'null', deadline_in_ms: null, trace_context: null };

function promisedBy(answer: Answer | undefined): ReadonlyMap<string, Promised> {
  const rows = rowsOf<Promised & { readonly id: string }>(answer);
  return new Map(rows.map((row) => [row.id, row]));
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}
