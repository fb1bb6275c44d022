// npm run bench -- drain|saga [--count N] [--rounds N] [--db embedded|mariadb|URL] [--redis auto|none|URL]
import { parseArgs } from 'node:util';

import { openBed } from './bed';
import { drain } from './drain';
import { printResults } from './results';

/** Steps per operation of each work: `drain` is a queue's work, `saga` an orchestrator's. */
const STEPS = new Map([
  ['drain', 1],
  ['saga', 3],
]);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '20000' },
      rounds: { type: 'string', default: '3' },
      db: { type: 'string', default: 'embedded' },
      redis: { type: 'string', default: 'auto' },
    },
  });
  const work = positionals[0] ?? '';
  const steps = STEPS.get(work);
  if (steps === undefined) throw new Error(`Name a work: ${[...STEPS.keys()].join(' or ')}.`);
  const count = positive('--count', values.count);
  const rounds = positive('--rounds', values.rounds);
  const bed = await openBed(values);
  process.stderr.write(`${bed.description}; ${count} operations of ${steps} step(s)\n`);
  try {
    for (let round = 1; round <= rounds; round += 1) {
      printResults(work, await drain(bed, { count, steps }));
    }
  } finally {
    await bed.close();
  }
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${option} must be a whole number from 1, not "${text}".`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
