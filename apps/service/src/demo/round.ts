import { serviceDataSource } from '../database/data-source';
import { openDatabase } from '../database/open-database';
import { engineOptions } from '../place/engine-options';
import type { Input } from '../files/read-input';
import type { InstanceSettings } from '../instance/messages';
import type { Place } from '../place/place';
import { serviceContext } from '../service-context';
import { Accounts } from '../accounts/accounts';
import { Banks } from '../banks/banks';
import { ORDERS_PER_COMMIT, PaymentOrders } from '../transfers/payment-orders';
import type { Round } from '../transfers/transfer-report';
import type { Census } from '../transfers/census';
import { Fleet } from './fleet';
import type { Progress } from './progress';
import type { Trouble } from './trouble';
import { patiently, watchToTheEnd } from './watch';

/** What a round needs. */
export interface RoundPlan {
  readonly place: Place;
  readonly census: Census;
  readonly input: Input;
  readonly openingBalance: string;
  readonly closedBanks: ReadonlySet<string>;
  readonly instances: number;
  readonly settings: Omit<InstanceSettings, 'workerName'>;
  readonly trouble: Trouble | null;
  readonly progress: Progress;
  readonly say: (message: string) => void;
  /** So that whoever is interrupted can stop it. */
  readonly onFleet: (fleet: Fleet) => void;
}

/** Hands the whole input in, lets the instances work, and answers what came of it. */
export async function runRound(plan: RoundPlan): Promise<Round> {
  const { census, trouble, progress, say } = plan;
  const [lastId, endedBefore] = await patiently(
    'count',
    say,
    async () => [await census.lastId(), (await census.standing()).ended] as const,
  );
  const fleet = new Fleet({ count: plan.instances, settings: plan.settings, say });
  plan.onFleet(fleet);
  const over = new AbortController();
  let isComplete = false;
  let ended = 0;
  try {
    const producing = produce(plan).then(() => (isComplete = true));
    const haunting = trouble?.haunt({
      fleet,
      isOver: over.signal,
      countEnded: async () => (await patiently('count', say, () => census.standing())).ended,
    });
    const watching = watchToTheEnd(
      census,
      () => isComplete,
      (standing) => {
        ended = standing.ended;
        progress.update(
          ended,
          Math.max(standing.orders, plan.input.orders.length),
          trouble === null ? '' : `${trouble.counted} ${trouble.name}`,
        );
      },
      say,
    ).finally(() => over.abort());
    await Promise.race([Promise.all([producing, watching, haunting]), fleet.failure]);
  } finally {
    over.abort();
    progress.stop();
    await fleet.stop();
  }
  return patiently('count', say, async () => ({
    outcome: await census.outcome(),
    pace: await census.pace(lastId),
    counters: fleet.counters(),
    endedNow: ended - endedBefore,
  }));
}

/** The business side: a process that accepts orders and runs none. */
async function produce({
  place,
  input,
  openingBalance,
  closedBanks,
  say,
}: RoundPlan): Promise<void> {
  const dataSource = await openDatabase(serviceDataSource(place.database), place.database, say);
  const engine = { ...engineOptions(place, dataSource), roles: [] };
  const app = await serviceContext({ dataSource, engine });
  try {
    const [accounts, banks, orders] = [app.get(Accounts), app.get(Banks), app.get(PaymentOrders)];
    const bankIds = input.orders.map((order) => order.bankTo);
    await patiently('open accounts', say, () => accounts.open(input.accountIds, openingBalance));
    await patiently('open banks', say, () => banks.set(bankIds, closedBanks));
    for (let begin = 0; begin < input.orders.length; begin += ORDERS_PER_COMMIT) {
      const batch = input.orders.slice(begin, begin + ORDERS_PER_COMMIT);
      await patiently('hand orders in', say, () => orders.accept(batch));
    }
  } finally {
    await app.close();
  }
}
