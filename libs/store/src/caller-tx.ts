import { UsageError, type CallerTx } from '@tenon/core';
import type { QueryRunner } from 'typeorm';

/**
 * The connection on which a caller's transaction runs.
 *
 * @throws UsageError `TENON_NOT_IN_TRANSACTION` when there is none: what is appended then would stand alone
 */
export function callerRunner(tx: CallerTx): QueryRunner {
  const runner = 'queryRunner' in tx ? tx.queryRunner : 'startTransaction' in tx ? tx : undefined;
  if (runner?.isTransactionActive === true && !runner.isReleased) return runner;
  throw new UsageError(
    'TENON_NOT_IN_TRANSACTION',
    'The EntityManager or QueryRunner that was given has no open transaction. Pass the manager that ' +
      '`dataSource.transaction(async (tx) => …)` hands out, or a QueryRunner after `startTransaction()`, and await ' +
      'the call before the transaction ends.',
  );
}
