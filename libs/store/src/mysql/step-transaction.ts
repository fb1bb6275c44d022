import { setTimeout as wait } from 'node:timers/promises';
import {
  invariant,
  isFinalState,
  UsageError,
  type FencedCall,
  type Phase,
  type StepCommit,
  type Transition,
} from '@tenon/core';
import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { sendOn } from './connection';
import type { Database } from './database';
import { isDuplicate } from './errors';
import { transitionValues } from './row';
import { END_CONNECTION, END_STEP, FENCE, FENCE_CONFIRM, IS_HELD, RECORD_STEP } from './sql';

/** A handler, as its transaction sees it: answers the rows to be recorded with it, or null to roll back. */
export type StepWork = (
  tx: EntityManager,
  isEmpty: boolean,
) => Promise<readonly Transition[] | null>;

/** How long the end of a transaction that was given up may take. */
const ABANDON_MS_MAX = 1_000;

/** What a phase undoes: whether that one's fence row is there tells whether there is anything to undo. */
const UNDOES: Readonly<Partial<Record<Phase, Phase>>> = { cancel: 'try', compensate: 'action' };

/** In the server's answers: a transaction is open. */
const SERVER_STATUS_IN_TRANS = 1;

/** One handler's transaction, on the application's connections: its fence row, the handler, its history, COMMIT. */
export class StepTransaction {
  private readonly runner: QueryRunner;
  private connection: PoolConnection | undefined;
  private stage: 'connecting' | 'open' | 'committing' | 'ended' = 'connecting';
  private givingUp: Promise<void> | undefined;

  constructor(
    dataSource: DataSource,
    private readonly database: Database,
    private readonly call: FencedCall,
    private readonly work: StepWork,
  ) {
    this.runner = dataSource.createQueryRunner();
  }

  /** Carries it out; when `signal` aborts first, ends it and rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<StepCommit> {
    signal.throwIfAborted();
    const running = this.carryOut(signal);
    const answer = (await untilAborted(running, signal)) ?? (await this.abandon(running));
    if (answer === null) signal.throwIfAborted();
    invariant(answer !== null, 'only an abort leaves a transaction without an answer');
    return answer;
  }

  private async carryOut(signal: AbortSignal): Promise<StepCommit> {
    try {
      this.connection = (await this.runner.connect()) as PoolConnection;
      refuseAborted(signal);
      this.stage = 'open';
      // READ COMMITTED, said each time: at these servers' default a fence that is not there yet locks a gap, and two steps
      // that insert into it deadlock.
      await this.runner.startTransaction('READ COMMITTED');
      return await this.carryOutInside(this.connection, signal);
    } catch (error) {
      // The handler may be in the middle of its statements. While COMMIT is on its way it is not.
      if (signal.aborted && this.stage === 'open') await this.giveUp();
      else await this.rollBack();
      throw error;
    } finally {
      this.stage = 'ended';
      await this.runner.release();
    }
  }

  private async carryOutInside(
    connection: PoolConnection,
    signal: AbortSignal,
  ): Promise<StepCommit> {
    const isEmpty = await this.fence(connection);
    refuseAborted(signal);
    if (isEmpty === null) return this.endWith('overtaken');
    const transitions = await this.work(this.runner.manager, isEmpty);
    refuseAborted(signal);
    if (transitions === null) return this.endWith('rolledBack');
    const isRecorded = await this.record(connection, transitions);
    refuseAborted(signal);
    if (!isRecorded) return this.endWith('overtaken');
    this.stage = 'committing';
    await this.runner.commitTransaction();
    if (this.runner.isTransactionActive) throw handlerError('left a nested transaction open');
    return 'committed';
  }

  /**
   * Writes the fence row, and answers whether there is nothing to undo, or null when the phase was dealt with or the saga
   * is someone else's. A phase that undoes another writes that one's row first. If it can, that one never happened and, with
   * its row in place, never can; while that one is still open, this waits for it.
   */
  private async fence(connection: PoolConnection): Promise<boolean | null> {
    const { phase } = this.call;
    const undoes = UNDOES[phase];
    const other = undoes === undefined ? 'there' : await this.insertFence(connection, undoes);
    if (other === 'stale') return null;
    const own = await this.insertFence(connection, phase);
    return own === 'inserted' ? other === 'inserted' : null;
  }

  private async insertFence(
    connection: PoolConnection,
    phase: Phase,
  ): Promise<'inserted' | 'there' | 'stale'> {
    const { sagaId, step } = this.call;
    const values = [step, phase, ...this.holder()];
    const isConfirm = phase === 'confirm';
    try {
      const { affectedRows } = isConfirm
        ? await sendOn<ResultSetHeader>(connection, FENCE_CONFIRM, [...values, step])
        : await sendOn<ResultSetHeader>(connection, FENCE, values);
      if (affectedRows === 1) return 'inserted';
    } catch (error) {
      // In InnoDB a duplicate fails the statement, and the transaction goes on.
      if (isDuplicate(error)) return 'there';
      throw error;
    }
    const isUnfounded = isConfirm && (await this.isHeld(connection));
    invariant(!isUnfounded, `saga ${sagaId} is to confirm "${step}", whose try never committed`);
    return 'stale';
  }

  /** False: the session holds the saga no more, or someone has written these numbers of its history. */
  private async record(
    connection: PoolConnection,
    transitions: readonly Transition[],
  ): Promise<boolean> {
    // The server itself tells only with the answer to the record, which is committed by then.
    if (!this.runner.isTransactionActive)
      throw handlerError('ended the transaction that it was given');
    if (transitions.length === 0) return this.isHeld(connection);
    const { step, phase } = this.call;
    const rows = JSON.stringify(transitions.map(transitionValues));
    const values = [rows, ...this.holder(), step, phase];
    try {
      const { affectedRows, serverStatus } = await sendOn<ResultSetHeader>(
        connection,
        RECORD_STEP,
        values,
      );
      // The server tells only now. What was done is committed then, and so is the history: whoever loads it sees both.
      if ((serverStatus & SERVER_STATUS_IN_TRANS) === 0)
        throw handlerError('ended the transaction that it was given');
      return affectedRows > 0 && (await this.end(connection, transitions));
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** Where the saga ends with these rows, ends its own row and its marker too. False: it was taken over meanwhile. */
  private async end(
    connection: PoolConnection,
    transitions: readonly Transition[],
  ): Promise<boolean> {
    const last = transitions.at(-1);
    if (last === undefined || !isFinalState(last.to)) return true;
    const values = [last.to, last.seq, last.reason, ...this.holder()];
    return (await sendOn<ResultSetHeader>(connection, END_STEP, values)).affectedRows > 0;
  }

  private async isHeld(connection: PoolConnection): Promise<boolean> {
    return (await sendOn<RowDataPacket[]>(connection, IS_HELD, this.holder())).length === 1;
  }

  private holder(): readonly unknown[] {
    const { sagaId, fence, sessionId } = this.call;
    return [BigInt(sagaId), fence, BigInt(sessionId)];
  }

  private async endWith(answer: StepCommit): Promise<StepCommit> {
    await this.rollBack();
    return answer;
  }

  /** Rolls back, with whatever nested transactions the handler left open. */
  private async rollBack(): Promise<void> {
    try {
      while (this.runner.isTransactionActive) await this.runner.rollbackTransaction();
    } catch {
      // The connection is gone, or in a state that nobody knows. The server rolls back what it closes.
      await this.dropConnection();
    }
  }

  /**
   * Ends the transaction whatever the handler is doing and whatever its connection waits for. The connection is ended, not
   * rolled back: what the handler sends from now on must not be carried out behind a ROLLBACK, where each statement would
   * commit by itself. The server is told besides: one that is busy with a statement does not notice that its client has
   * gone, and keeps all locks.
   */
  private giveUp(): Promise<void> {
    this.givingUp ??= this.dropConnection().then(() => this.endConnection());
    return this.givingUp;
  }

  /** The signal has aborted. A COMMIT on its way is waited for; everything before it is given up. */
  private async abandon(running: Promise<StepCommit>): Promise<StepCommit | null> {
    switch (this.stage) {
      case 'connecting':
        return null;
      case 'ended':
        // It has ended by itself, or because of the abort, which is what its caller is told then.
        return running.catch(() => null);
      case 'committing': {
        const answer = await Promise.race([running, wait(ABANDON_MS_MAX, null, { ref: false })]);
        if (answer === null) await this.dropConnection();
        return answer;
      }
      case 'open':
        await this.giveUp();
        return null;
    }
  }

  /** A server that is busy with a statement does not notice that its client has gone, and keeps all locks: it is told. */
  private async endConnection(): Promise<void> {
    const ending = this.database.read([END_CONNECTION, this.connection?.threadId]);
    const isOver = ending.then(
      () => true,
      () => false, // It has ended already (1094), or the server cannot be asked.
    );
    await Promise.race([isOver, wait(ABANDON_MS_MAX, false, { ref: false })]);
  }

  private async dropConnection(): Promise<void> {
    this.connection?.destroy();
    await this.runner.release();
  }
}

function refuseAborted(signal: AbortSignal): void {
  invariant(!signal.aborted, 'nothing more is done in a transaction that was given up');
}

/** The promise's answer, or null when the signal aborts first. */
async function untilAborted<Answer>(
  running: Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer | null> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([running, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function handlerError(what: string): UsageError {
  return new UsageError(
    'TENON_USAGE',
    `The handler ${what}. Use \`ctx.tx\` without committing or rolling it back, and await everything that is done with it.`,
  );
}
