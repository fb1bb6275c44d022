import type { DataSource, EntitySubscriberInterface, QueryRunner } from 'typeorm';

/** Must not throw: it is called from within the caller's own commit. */
type Callback = () => void;

/** TypeORM's event, as far as it is used here. */
interface TransactionEvent {
  readonly queryRunner: QueryRunner;
}

/**
 * Calls back once a caller's outermost transaction has committed.
 *
 * TypeORM tells of every commit, also of the release of a savepoint, so a callback waits until no transaction is active
 * any more. A savepoint that is rolled back drops nothing: the callback is then only a wake-up for nothing.
 */
export class AfterCommit implements EntitySubscriberInterface {
  private readonly waiting = new WeakMap<QueryRunner, Callback[]>();

  constructor(private readonly dataSource: DataSource) {}

  /** Begins to listen to the DataSource. */
  open(): void {
    if (!this.dataSource.subscribers.includes(this)) this.dataSource.subscribers.push(this);
  }

  close(): void {
    const index = this.dataSource.subscribers.indexOf(this);
    if (index !== -1) this.dataSource.subscribers.splice(index, 1);
  }

  add(runner: QueryRunner, callback: Callback): void {
    const callbacks = this.waiting.get(runner);
    if (callbacks === undefined) this.waiting.set(runner, [callback]);
    else callbacks.push(callback);
  }

  afterTransactionCommit({ queryRunner }: TransactionEvent): void {
    if (queryRunner.isTransactionActive) return;
    for (const callback of this.take(queryRunner)) callback();
  }

  afterTransactionRollback({ queryRunner }: TransactionEvent): void {
    if (!queryRunner.isTransactionActive) this.take(queryRunner);
  }

  private take(runner: QueryRunner): readonly Callback[] {
    const callbacks = this.waiting.get(runner) ?? [];
    this.waiting.delete(runner);
    return callbacks;
  }
}
