import { describeAbort } from './abort.conformance';
import { describeAdopt } from './adopt.conformance';
import { describeAfterCommit } from './after-commit.conformance';
import { describeAppend } from './append.conformance';
import { describeGroupCommit } from './group-commit.conformance';
import { describeIdempotency } from './idempotency.conformance';
import { describeKeyOrder } from './key-order.conformance';
import { describeLateWrites } from './late-writes.conformance';
import { describeManyWorkers } from './many-workers.conformance';
import { describeOperatorDesk } from './operator-desk.conformance';
import { describeOperatorDetails } from './operator-details.conformance';
import { describeOperatorLists } from './operator-lists.conformance';
import { describeOperatorMarkers } from './operator-markers.conformance';
import { describeOperatorRaces } from './operator-races.conformance';
import { describeOperatorVerbs } from './operator-verbs.conformance';
import { describeOverlap } from './overlap.conformance';
import { describePause } from './pause.conformance';
import { describePriority } from './priority.conformance';
import { describePromises } from './promises.conformance';
import { describeRecord } from './record.conformance';
import { describeReleaseKeys } from './release-keys.conformance';
import { describeRepair } from './repair.conformance';
import { describeRetention } from './retention.conformance';
import { describeSessions } from './sessions.conformance';
import { describeStepTransaction } from './step-transaction.conformance';
import { describeTakeDue } from './take-due.conformance';
import { describeTakeIn } from './take-in.conformance';
import { describeTccPhases } from './tcc-phases.conformance';
import type { OpenStore } from './store-under-test';

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
    describeIdempotency(open);
    describeAfterCommit(open);
    describeTakeIn(open);
    describePriority(open);
    describePromises(open);
    describePause(open);
    describeTakeDue(open);
    describeKeyOrder(open);
    describeReleaseKeys(open);
    describeSessions(open);
    describeAdopt(open);
    describeRecord(open);
    describeGroupCommit(open);
    describeStepTransaction(open);
    describeTccPhases(open);
    describeOverlap(open);
    describeAbort(open);
    describeLateWrites(open);
    describeRepair(open);
    describeRetention(open);
    describeManyWorkers(open);
    describeOperatorLists(open);
    describeOperatorDetails(open);
    describeOperatorVerbs(open);
    describeOperatorRaces(open);
    describeOperatorMarkers(open);
    describeOperatorDesk(open);
  });
}
