import 'reflect-metadata';
import { constants } from 'node:os';
import { exitCodeOf, explain } from './exit-code';
import { Service } from './service';
import { settingsOf } from './settings';

/** `npm start`: one process of the service. */
async function main(): Promise<void> {
  const service = new Service(settingsOf(process.env), {
    tell: (text) => console.log(text),
    say: (text) => console.error(text),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      // Once more: at once. What is under way is found again in the database.
      for (const again of ['SIGTERM', 'SIGINT'] as const) {
        process.on(again, () => process.exit(128 + constants.signals[again]));
      }
      console.error(`${signal}: ending in good order. Once more to end at once.`);
      void end(service);
    });
  }
  await service.start();
}

async function end(service: Service): Promise<void> {
  const inTime = await service.stop().catch((error: unknown) => {
    console.error(explain(error));
    return false;
  });
  if (!inTime) console.error('Not all of it ended in time. Nothing is lost by that.');
  process.exit(inTime ? 0 : 1);
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(exitCodeOf(error));
});
