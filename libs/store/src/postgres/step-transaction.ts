import { invariant, isFinalState, type FencedCall, type Transition } from '@tenon/core';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { handlerError } from '../handler-error';
import { idleLimitMs } from '../idle-limit';
import {
  ABANDON_MS_MAX,
  StepTransaction,
  UNDOES,
  withinPatience,
  type StepWork,
} from '../step-transaction';
import { sendOn, type Database } from './database';
import { isUniqueViolation } from './errors';
import { transitionColumns } from './row';
import { END_CONNECTION, END_EARLIER, FENCE, RECORD_STEP } from './sql';

/** For so long another transaction may keep this one waiting before it is looked at whether it is one of an earlier fence. */
const PATIENCE_MS = 200;

interface FenceRow {
  readonly is_first: boolean;
  readonly is_empty: boolean;
  readonly was_tried: boolean;
  readonly pid: number;
}

interface RecordedRow {
  readonly is_recorded: boolean;
  readonly is_ended: boolean;
}

/** A handler's transaction on PostgreSQL: two statements besides BEGIN and COMMIT. */
export class PostgresStepTransaction extends StepTransaction<PoolClient> {
  /** The server's process behind the connection, as the server itself names it: a proxy tells its clients others. */
  private serverProcess: number | null = null;

  constructor(
    dataSource: DataSource,
    private readonly database: Database,
    call: FencedCall,
    work: StepWork,
  ) {
    super(dataSource, call, work);
  }

  protected begin(): Promise<void> {
    return this.runner.startTransaction(this.database.isolationToSet);
  }

  /** What was set was set for the transaction. */
  protected tidy(): undefined {
    return undefined;
  }

  protected async fence(client: PoolClient): Promise<boolean | null> {
    const { sagaId, step, phase, timeoutMs, statementMsMax = null } = this.call;
    const undoes = UNDOES[phase] ?? null;
    const limits = [
      String(idleLimitMs(timeoutMs)),
      statementMsMax === null ? null : String(Math.max(1, Math.ceil(statementMsMax))),
    ];
    const values = [...this.holder(), step, phase, undoes, ...limits];
    const { rows } = await this.endingEarlier(sendOn<FenceRow>(client, FENCE, values));
    const [passed] = rows;
    this.serverProcess = passed?.pid ?? null;
    if (passed?.is_first !== true) return null;
    const isFounded = phase !== 'confirm' || passed.was_tried;
    invariant(isFounded, `saga ${sagaId} is to confirm "${step}", whose try never committed`);
    return passed.is_empty;
  }

  /**
   * The fence row is waited for when another transaction is in the middle of this step. One of an earlier fence will not be
   * allowed to commit, and its process may be frozen or cut off for as long as it likes: so it is ended.
   */
  private async endingEarlier<Answer>(fencing: Promise<Answer>): Promise<Answer> {
    const { sagaId, fence, step } = this.call;
    const patience = setTimeout(() => {
      void withinPatience(this.database.read(END_EARLIER, [sagaId, fence, step, ABANDON_MS_MAX]));
    }, PATIENCE_MS);
    try {
      return await fencing;
    } finally {
      clearTimeout(patience);
    }
  }

  protected async record(client: PoolClient, transitions: readonly Transition[]): Promise<boolean> {
    if (client.getTransactionStatus() === 'I')
      throw handlerError('ended the transaction that it was given');
    const values = [
      ...this.holder(),
      ...transitionColumns(transitions),
      ...endColumns(transitions),
    ];
    try {
      const { rows } = await sendOn<RecordedRow>(client, RECORD_STEP, values);
      return rows[0]?.is_recorded === true && rows[0].is_ended;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  protected async endOnServer(): Promise<void> {
    if (this.serverProcess !== null)
      await this.database.read(END_CONNECTION, [this.serverProcess, ABANDON_MS_MAX]);
  }

  protected destroy(client: PoolClient): void {
    void client.end();
  }

  private holder(): readonly unknown[] {
    const { sagaId, fence, sessionId } = this.call;
    return [sagaId, fence, sessionId];
  }
}

/** The state in which a saga ends with these rows, and why; null and null where it goes on. */
function endColumns(transitions: readonly Transition[]): readonly [string | null, string | null] {
  const last = transitions.at(-1);
  return last !== undefined && isFinalState(last.to) ? [last.to, last.reason] : [null, null];
}
