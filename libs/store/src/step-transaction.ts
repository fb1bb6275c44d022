import { setTimeout as wait } from 'node:timers/promises';
import type { EventEmitter } from 'node:events';
import {
  invariant,
  type FencedCall,
  type Phase,
  type StepCommit,
  type Transition,
} from '@tenon/core';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { handlerError } from './handler-error';
import { HandlerQueries } from './handler-queries';

/** A handler, as its transaction sees it: answers the rows to be recorded with it, or null to roll back. */
export type StepWork = (
  tx: EntityManager,
  isEmpty: boolean,
) => Promise<readonly Transition[] | null>;

/** How long the end of a transaction that was given up may take. */
export const ABANDON_MS_MAX = 1_000;

/** What a phase undoes: whether that one's fence row is there tells whether there is anything to undo. */
export const UNDOES: Readonly<Partial<Record<Phase, Phase>>> = {
  cancel: 'try',
  compensate: 'action',
};

/**
 * One handler's transaction, on the application's connections: its fence row, the handler, its history, COMMIT. Its life is
 * the same on every database; what is said to the server is the dialect's.
 */
export abstract class StepTransaction<Connection extends EventEmitter> {
  protected readonly runner: QueryRunner;
  private readonly queries: HandlerQueries;
  private connection: Connection | undefined;
  private stage: 'connecting' | 'open' | 'committing' | 'ended' = 'connecting';
  private givingUp: Promise<void> | undefined;
  /** What broke the connection, be it while nobody waited for its answer. */
  private lost: Error | undefined;

  constructor(
    dataSource: DataSource,
    protected readonly call: FencedCall,
    private readonly work: StepWork,
  ) {
    this.runner = dataSource.createQueryRunner();
    this.queries = new HandlerQueries(this.runner);
  }

  /** BEGIN, at READ COMMITTED. */
  protected abstract begin(connection: Connection): Promise<void>;
  /** Leaves the connection as the application had it; `undefined` where nothing need be done. Not waited for. */
  protected abstract tidy(connection: Connection): Promise<unknown> | undefined;
  /** Writes the fence row. Answers whether there is nothing to undo, or null when this call was dealt with or overtaken. */
  protected abstract fence(connection: Connection): Promise<boolean | null>;
  /** Writes the history. False: the session holds the saga no more, or someone has written these numbers of it. */
  protected abstract record(
    connection: Connection,
    transitions: readonly Transition[],
  ): Promise<boolean>;
  /** Has the server end the connection, whatever it is busy with. */
  protected abstract endOnServer(connection: Connection): Promise<unknown>;
  /** Closes this side of the connection, for good. */
  protected abstract destroy(connection: Connection): void;

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
      this.lost ??= error;
    };
    try {
      this.connection = (await this.runner.connect()) as Connection;
      this.connection.on('error', onLost);
      refuseAborted(signal);
      this.stage = 'open';
      await this.begin(this.connection);
      return await this.carryOutInside(this.connection, signal);
    } catch (error) {
      // The handler may be in the middle of its statements. While COMMIT is on its way it is not.
      if (signal.aborted && this.stage === 'open') await this.giveUp();
      else await this.rollBack();
      // TypeORM would only say that the connection was released.
      throw this.lost ?? error;
    } finally {
      this.stage = 'ended';
      this.connection?.removeListener('error', onLost);
      // Whoever gets the connection next waits behind it. One that is gone needs it no more.
      if (this.connection !== undefined) this.tidy(this.connection)?.catch(() => undefined);
      await this.runner.release();
    }
  }

  private async carryOutInside(connection: Connection, signal: AbortSignal): Promise<StepCommit> {
    const isEmpty = await this.fence(connection);
    refuseAborted(signal);
    if (isEmpty === null) return this.endWith('overtaken');
    const transitions = await this.work(this.runner.manager, isEmpty);
    await this.queries.close();
    refuseAborted(signal);
    // Whatever the handler made of it: what it answers now is about a transaction that is gone.
    if (this.lost !== undefined) throw this.lost;
    if (transitions === null) return this.endWith('rolledBack');
    const isRecorded = await this.record(connection, transitions);
    refuseAborted(signal);
    if (!isRecorded) return this.endWith('overtaken');
    this.stage = 'committing';
    await this.runner.commitTransaction();
    if (this.runner.isTransactionActive) throw handlerError('left a nested transaction open');
    return 'committed';
  }

  private async endWith(answer: StepCommit): Promise<StepCommit> {
    await this.rollBack();
    return answer;
  }

  /** Rolls back, with whatever nested transactions the handler left open. */
  private async rollBack(): Promise<void> {
    try {
      await this.queries.close();
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
    this.givingUp ??= this.dropConnection().then(async () => {
      if (this.connection !== undefined) await withinPatience(this.endOnServer(this.connection));
    });
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

  private async dropConnection(): Promise<void> {
    if (this.connection !== undefined) this.destroy(this.connection);
    await this.runner.release();
  }
}

function refuseAborted(signal: AbortSignal): void {
  invariant(!signal.aborted, 'nothing more is done in a transaction that was given up');
}

/** Waits a bounded time for a server that ends a connection. One that cannot be asked rolls back what it finds closed. */
export async function withinPatience(ending: Promise<unknown>): Promise<void> {
  const settled = ending.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, wait(ABANDON_MS_MAX, undefined, { ref: false })]);
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
