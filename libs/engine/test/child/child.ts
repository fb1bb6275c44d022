// A process of its own with an engine in it: `node -r ./tooling/register.cjs libs/engine/test/child/child.ts ORDERS`.
// It tells what happens in it line by line on standard output, and stops in good order when it reads a line or its
// standard input ends.
import { bullmqDispatcher } from '@tenon/dispatch';
import { Engine } from '@tenon/engine';
import { inProcessDispatcher } from '@tenon/testing';
import { createInterface } from 'node:readline';

import { connect, storeOn } from '../connect';
import { make } from '../handlers';
import { sharedSagas, tellBy } from './child-sagas';
import type { ChildOrders } from './start-child';

async function main(orders: ChildOrders): Promise<void> {
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  tellBy(tell);
  const warn = (line: string): void => tell(`log ${line}`);
  const dataSource = await connect(orders.url);
  const { redisUrl, prefix } = orders;
  const engine = new Engine(
    {
      store: storeOn(dataSource),
      dispatcher:
        redisUrl === undefined
          ? inProcessDispatcher()
          : bullmqDispatcher({ redis: { url: redisUrl }, ...(prefix && { prefix }), warn }),
      logger: { log: warn, warn, error: warn },
      ...orders.options,
    },
    orders.worker,
  );
  for (const saga of sharedSagas) engine.registry.add(saga);
  await engine.start(make);
  tell('ready');
  const orderLines = createInterface({ input: process.stdin });
  await new Promise<void>((resolve) => orderLines.once('line', resolve).once('close', resolve));
  orderLines.close();
  await engine.stop();
  await dataSource.destroy();
  tell('stopped');
  process.stdin.destroy();
}

void main(JSON.parse(process.argv[2] ?? '{}') as ChildOrders);
