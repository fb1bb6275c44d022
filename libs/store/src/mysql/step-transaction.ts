import type { Duplex } from 'node:stream';
import { invariant, isFinalState, type FencedCall, type Phase, type Transition } from '@tenon/core';
import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2';
import type { DataSource } from 'typeorm';
import { handlerError } from '../handler-error';
import { idleLimitMs } from '../idle-limit';
import { StepTransaction, UNDOES, type StepWork } from '../step-transaction';
import { sendOn } from './connection';
import type { Database } from './database';
import { isDuplicate } from './errors';
import { transitionValues } from './row';
import {
  AFTER_STEP,
  BEFORE_STEP,
  END_CONNECTION,
  END_STEP,
  FENCE,
  FENCE_CONFIRM,
  IS_HELD,
  LIMIT_LOCK_WAITS,
  RECORD_STEP,
  RESTORE_LOCK_WAITS,
} from './sql';

/** In the server's answers: a transaction is open. */
const SERVER_STATUS_IN_TRANS = 1;

/** A handler's transaction on MySQL and MariaDB. */
export class MysqlStepTransaction extends StepTransaction<PoolConnection> {
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    call: FencedCall,
    work: StepWork,
  ) {
    super(dataSource, call, work);
  }

  protected async begin(connection: PoolConnection): Promise<void> {
    const seconds = Math.ceil(idleLimitMs(this.call.timeoutMs) / 1_000);
    const before = BEFORE_STEP(this.database.isolationVariable);
    const { statementMsMax = null } = this.call;
    if (statementMsMax === null) await sendOn(connection, before, [seconds]);
    else {
      const lockSeconds = Math.max(1, Math.ceil(statementMsMax / 1_000));
      await sendOn(connection, `${before}, ${LIMIT_LOCK_WAITS}`, [seconds, lockSeconds]);
    }
    // TypeORM would set the level that the application has for all its transactions.
    const isOverridden = this.dataSource.options.isolationLevel !== undefined;
    await this.runner.startTransaction(isOverridden ? 'READ COMMITTED' : undefined);
  }

  protected tidy(connection: PoolConnection): Promise<unknown> {
    const isLimited = (this.call.statementMsMax ?? null) !== null;
    return sendOn(connection, isLimited ? `${AFTER_STEP}, ${RESTORE_LOCK_WAITS}` : AFTER_STEP);
  }

  /**
   * A phase that undoes another writes that one's row first. If it can, that one never happened and, with its row in place,
   * never can; while that one is still open, this waits for it.
   */
  protected async fence(connection: PoolConnection): Promise<boolean | null> {
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

  protected async record(
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

  /**
   * By the number that the connection was given when it was made. Behind a proxy that is the proxy's own number for it, and
   * a KILL that goes through the same proxy is about such numbers too: the server's CONNECTION_ID() would be the wrong one.
   */
  protected endOnServer({ threadId }: PoolConnection): Promise<unknown> {
    return this.database.read([END_CONNECTION, threadId]);
  }

  /**
   * The socket first: what is under way on it is rejected. destroy() alone leaves it without an answer for good when the
   * server ends the connection too, and a handler that was given up would never get to its end.
   */
  protected destroy(connection: PoolConnection): void {
    const { stream } = connection as unknown as { readonly stream: Duplex };
    stream.destroy(new Error('The transaction was given up, and its connection closed.'));
    connection.destroy();
  }
}
