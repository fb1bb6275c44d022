// npm run bench -- drain|saga [--count N] [--db embedded|mariadb|URL] [--redis auto|none|URL] [--rounds N]
import { Command, Option } from 'commander';

import { openBed } from './bed';
import { drain } from './drain';
import { printResults } from './results';

const program = new Command('bench')
  .description('Measures the engine on private servers, and counts what its bookkeeping costs.')
  .argument('<work>', 'drain: operations of one step without effect; saga: of three')
  .addOption(new Option('--count <n>', 'operations').default(20_000).argParser(positive))
  .addOption(new Option('--rounds <n>', 'rounds, each on an empty database').default(3).argParser(positive))
  .option('--db <db>', 'embedded, mariadb, or the URL of an empty database', 'embedded')
  .option('--redis <redis>', 'auto (a private redis-server), none (the queue lives in PostgreSQL), or a URL', 'auto')
  .action(async (work: string, options: { count: number; rounds: number; db: string; redis: string }) => {
    const steps = work === 'drain' ? 1 : work === 'saga' ? 3 : program.error(`unknown work "${work}": use drain or saga`);
    const bed = await openBed(options);
    process.stderr.write(`${bed.description}, ${options.count} operations of ${steps} step(s), ${options.rounds} round(s)\n`);
    try {
      for (let round = 1; round <= options.rounds; round += 1) {
        printResults(work, await drain(bed, { count: options.count, steps }));
      }
    } finally {
      await bed.close();
    }
  });

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${text} is not a whole number from 1`);
  return number;
}

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
