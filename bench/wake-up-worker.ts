// The other process of `wakeup`: tells of each call as `ID NANOSECONDS`, and stops when its standard input ends.
import { once } from 'node:events';

import { openGround } from './bed';
import { startTimed } from './latency';
import type { WorkerOrders } from './wake-up';

async function main({ place, options }: WorkerOrders): Promise<void> {
  const ground = await openGround(place);
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  const engine = await startTimed(
    ground,
    (id) => tell(`${id} ${process.hrtime.bigint()}`),
    options,
  );
  tell('ready');
  process.stdin.resume();
  await once(process.stdin, 'end');
  await engine.stop();
  await ground.dataSource.destroy();
}

void main(JSON.parse(process.argv[2] ?? '{}') as WorkerOrders);
