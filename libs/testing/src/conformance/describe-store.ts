import { describeAdopt } from './adopt.conformance';
import { describeAfterCommit } from './after-commit.conformance';
import { describeAppend } from './append.conformance';
import { describeKeyOrder } from './key-order.conformance';
import { describeManyWorkers } from './many-workers.conformance';
import { describeOverlap } from './overlap.conformance';
import { describeRecord } from './record.conformance';
import { describeRepair } from './repair.conformance';
import { describeSessions } from './sessions.conformance';
import { describeStepTransaction } from './step-transaction.conformance';
import type { OpenStore } from './store-under-test';
import { describeTakeIn } from './take-in.conformance';

/**
 * The suite that every store passes: what the docstrings of the `Store` port promise, as jest tests. A store that passes
 * it can stand under the engine.
 *
 * @example
 * describeStore('postgres', async () => {
 *   const store = postgresStore({ dataSource: await freshDatabase() });
 *   await store.migrate();
 *   await store.open();
 *   return { store, … };
 * });
 */
export function describeStore<T>(name: string, open: OpenStore<T>): void {
  describe(`the ${name} store`, () => {
    describeAppend(open);
    describeAfterCommit(open);
    describeTakeIn(open);
    describeKeyOrder(open);
    describeSessions(open);
    describeAdopt(open);
    describeRecord(open);
    describeStepTransaction(open);
    describeOverlap(open);
    describeRepair(open);
    describeManyWorkers(open);
  });
}
