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
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { sendOn, type Database } from './database';
import { isUniqueViolation } from './errors';
import { transitionColumns } from './row';
import { END_CONNECTION, END_EARLIER, FENCE, RECORD_STEP, type Statement } from './sql';

/** A handler, as its transaction sees it: answers the rows to be recorded with it, or null to roll back. */
export type StepWork = (
  tx: EntityManager,
  isEmpty: boolean,
) => Promise<readonly Transition[] | null>;

/** How long the end of a transaction that was given up may take. */
const ABANDON_MS_MAX = 1_000;
/** For so long another transaction may keep this one waiting before it is looked at whether it is one of an earlier fence. */
const PATIENCE_MS = 200;

/** What a phase undoes: whether that one's fence row is there tells whether there is anything to undo. */
const UNDOES: Readonly<Partial<Record<Phase, Phase>>> = { cancel: 'try', compensate: 'action' };

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

/** One handler's transaction, on the application's connections: its fence row, the handler, its history, COMMIT. */
export class StepTransaction {
  private readonly runner: QueryRunner;
  private client: PoolClient | undefined;
  private stage: 'connecting' | 'open' | 'committing' | 'ended' = 'connecting';
  private givingUp: Promise<void> | undefined;
  /** What ended the connection while nobody waited for its answer. */
  private lost: Error | undefined;
  /** The server's process behind the connection, as the server itself names it: a proxy tells its clients others. */
  private serverProcess: number | null = null;

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
    const onLost = (error: Error): void => {
      this.lost = error;
    };
    try {
      this.client = (await this.runner.connect()) as PoolClient;
      this.client.on('error', onLost);
      refuseAborted(signal);
      this.stage = 'open';
      await this.runner.startTransaction(this.database.isolationToSet);
      return await this.carryOutInside(this.client, signal);
    } catch (error) {
      // The handler may be in the middle of its statements. While COMMIT is on its way it is not.
      if (signal.aborted && this.stage === 'open') await this.giveUp();
      else await this.rollBack();
      // TypeORM would only say that the connection was released.
      throw this.lost ?? error;
    } finally {
      this.stage = 'ended';
      this.client?.removeListener('error', onLost);
      await this.runner.release();
    }
  }

  private async carryOutInside(client: PoolClient, signal: AbortSignal): Promise<StepCommit> {
    const { sagaId, fence, sessionId, step, phase } = this.call;
    const holder = [sagaId, fence, sessionId];
    const undoes = UNDOES[phase] ?? null;
    const fencing = sendOn<FenceRow>(client, FENCE, [...holder, step, phase, undoes]);
    const { rows } = await this.endingEarlier(fencing);
    const [passed] = rows;
    this.serverProcess = passed?.pid ?? null;
    refuseAborted(signal);
    if (passed?.is_first !== true) return this.endWith('overtaken');
    const isFounded = phase !== 'confirm' || passed.was_tried;
    invariant(isFounded, `saga ${sagaId} is to confirm "${step}", whose try never committed`);

    const transitions = await this.work(this.runner.manager, passed.is_empty);
    refuseAborted(signal);
    if (transitions === null) return this.endWith('rolledBack');
    const isRecorded = await this.record(client, [
      ...holder,
      ...transitionColumns(transitions),
      ...endColumns(transitions),
    ]);
    refuseAborted(signal);
    if (!isRecorded) return this.endWith('overtaken');
    this.stage = 'committing';
    await this.runner.commitTransaction();
    this.refuseOpen();
    return 'committed';
  }

  /** False: the session holds the saga no more, or someone has written these numbers of its history. */
  private async record(client: PoolClient, values: readonly unknown[]): Promise<boolean> {
    if (client.getTransactionStatus() === 'I')
      throw handlerError('ended the transaction that it was given');
    try {
      const { rows } = await sendOn<RecordedRow>(client, RECORD_STEP, values);
      return rows[0]?.is_recorded === true && rows[0].is_ended;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
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
    this.givingUp ??= this.dropConnection().then(() => this.endServerProcess());
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

  /**
   * The fence row is waited for when another transaction is in the middle of this step. One of an earlier fence will not be
   * allowed to commit, and its process may be frozen or cut off for as long as it likes: so it is ended.
   */
  private async endingEarlier<Answer>(fencing: Promise<Answer>): Promise<Answer> {
    const { sagaId, fence, step } = this.call;
    const patience = setTimeout(() => {
      void this.end(END_EARLIER, [sagaId, fence, step, ABANDON_MS_MAX]);
    }, PATIENCE_MS);
    try {
      return await fencing;
    } finally {
      clearTimeout(patience);
    }
  }

  private async endServerProcess(): Promise<void> {
    if (this.serverProcess === null) return;
    await this.end(END_CONNECTION, [this.serverProcess, ABANDON_MS_MAX]);
  }

  private async end(connections: Statement, values: readonly unknown[]): Promise<void> {
    const ending = this.database.read(connections, values);
    const isOver = ending.then(
      () => true,
      () => false, // The server cannot be asked. It rolls back when it finds the connection closed.
    );
    await Promise.race([isOver, wait(ABANDON_MS_MAX, false, { ref: false })]);
  }

  private async dropConnection(): Promise<void> {
    void this.client?.end();
    await this.runner.release();
  }

  private refuseOpen(): void {
    if (this.runner.isTransactionActive) throw handlerError('left a nested transaction open');
  }
}

/** The state in which a saga ends with these rows, and why; null and null where it goes on. */
function endColumns(transitions: readonly Transition[]): readonly [string | null, string | null] {
  const last = transitions.at(-1);
  return last !== undefined && isFinalState(last.to) ? [last.to, last.reason] : [null, null];
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
