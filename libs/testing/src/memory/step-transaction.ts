import {
  invariant,
  isFinalState,
  type FencedCall,
  type Phase,
  type StepCommit,
  type Transition,
} from '@tenon/core';
import type { MemoryDatabase } from './memory-database';
import type { MemoryTx } from './memory-tx';
import { leave } from './record';

type Work = (tx: MemoryTx, isEmpty: boolean) => Promise<readonly Transition[] | null>;

/** What each phase follows: its fence row tells whether there is anything to confirm or undo. */
const PHASE_BEFORE: Readonly<Partial<Record<Phase, Phase>>> = {
  confirm: 'try',
  cancel: 'try',
  compensate: 'action',
};

/** BEGIN; fence row; `work`; the rows it answers; COMMIT. */
export async function inStepTransaction(
  database: MemoryDatabase,
  call: FencedCall,
  signal: AbortSignal,
  work: Work,
): Promise<StepCommit> {
  signal.throwIfAborted();
  const tx = database.begin();
  const aborted = whenAborted(signal);
  try {
    return await Promise.race([run(database, tx, call, work), aborted.promise]);
  } finally {
    aborted.forget();
    await tx.rollback();
  }
}

async function run(
  database: MemoryDatabase,
  tx: MemoryTx,
  call: FencedCall,
  work: Work,
): Promise<StepCommit> {
  const isEmpty = await fence(database, tx, call);
  if (isEmpty === null) return 'overtaken';
  const rows = await work(tx, isEmpty);
  tx.expectOpen();
  if (rows === null) return 'rolledBack';
  const saga = heldSaga(database, call);
  if (saga === null) return 'overtaken';
  const checked = database.checkedRows(saga, rows);
  saga.history.push(...checked);
  const last = rows.at(-1);
  if (last !== undefined && isFinalState(last.to)) {
    saga.state = last.to;
    leave(database, saga, { kind: 'ends', marker: 'done', reason: last.reason });
  }
  database.handlerCommits += 1;
  await tx.commit();
  return 'committed';
}

/**
 * Inserts the fence row; null when it was there, or when the saga is someone else's by now. A cancel or compensation
 * first looks for the phase it would undo, and writes that fence too when it is not there: so it never will be.
 */
async function fence(
  database: MemoryDatabase,
  tx: MemoryTx,
  call: FencedCall,
): Promise<boolean | null> {
  const before = PHASE_BEFORE[call.phase];
  const isFirst = before !== undefined && (await insertFence(database, tx, call, before));
  if (call.phase === 'confirm') {
    invariant(
      !isFirst,
      `the confirm of ${call.step} was called, but its try never committed (saga ${call.sagaId})`,
    );
  }
  const isMine = await insertFence(database, tx, call, call.phase);
  return isMine && heldSaga(database, call) !== null ? isFirst : null;
}

async function insertFence(
  database: MemoryDatabase,
  tx: MemoryTx,
  call: FencedCall,
  phase: Phase,
): Promise<boolean> {
  const name = JSON.stringify([call.sagaId, call.step, phase]);
  await tx.lock(name);
  if (database.fences.has(name)) return false;
  const { sagaId, step, fence } = call;
  tx.addFence(name, { sagaId, step, phase, fence, at: database.clock.date() });
  return true;
}

function heldSaga(
  database: MemoryDatabase,
  call: FencedCall,
): ReturnType<MemoryDatabase['heldRow']> {
  return database.heldRow(call.sagaId, call.fence, call.sessionId);
}

function whenAborted(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let forget = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      try {
        signal.throwIfAborted();
      } catch (reason) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the port promises the reason itself
        reject(reason);
      }
    };
    signal.addEventListener('abort', onAbort, { once: true });
    forget = () => signal.removeEventListener('abort', onAbort);
  });
  return { promise, forget };
}
