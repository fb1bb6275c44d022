// npm run bench -- drain|saga [--count N] [--rounds N] [--db embedded|mariadb|URL] [--redis auto|none|URL]
// npm run bench -- hotkey [--parked N] [--seconds N] [--rounds N] [--db …]… [--redis …]
// npm run bench -- wakeup [--no-hints] [--seconds N] [--rounds N] [--db …]… [--redis …]
import { parseArgs } from 'node:util';

import { openBed, type Bed } from './bed';
import { drain } from './drain';
import { hotKey } from './hot-key';
import { printHotKey, printResults, printWakeUp } from './results';
import { wakeUp } from './wake-up';

interface Options {
  readonly count: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly parked: number;
  readonly hints: boolean;
}

/** What is measured, and on which databases when none is named. */
interface Work {
  readonly databases: readonly string[];
  readonly rounds: number;
  readonly tell: (options: Options) => string;
  readonly run: (bed: Bed, options: Options) => Promise<void>;
}

const HOT_KEY_PER_SECOND = 200;
const WAKE_UP_PER_SECOND = 50;
/** So far away that whatever comes in time was announced. */
const FAR_POLL_MS = 30_000;
const NEAR_POLL_MS = 1_000;

/** `drain` is a queue's work, `saga` an orchestrator's. */
function drainOf(name: string, steps: number): Work {
  return {
    databases: ['embedded'],
    rounds: 3,
    tell: ({ count }) => `${count} operations of ${steps} step(s)`,
    run: async (bed, { count, rounds }) => {
      for (let round = 1; round <= rounds; round += 1)
        printResults(name, await drain(bed, { count, steps }));
    },
  };
}

const WORKS = new Map<string, Work>([
  ['drain', drainOf('drain', 1)],
  ['saga', drainOf('saga', 3)],
  [
    'hotkey',
    {
      databases: ['embedded', 'mariadb'],
      rounds: 5,
      tell: ({ parked, seconds, rounds }) =>
        `${HOT_KEY_PER_SECOND}/s on other keys, without and with ${parked} parked markers by turns, ${rounds} x ${seconds} s each`,
      run: async (bed, { parked, seconds, rounds }) => {
        const work = { parked, seconds, rounds, perSecond: HOT_KEY_PER_SECOND };
        printHotKey(bed, work, await hotKey(bed, await bed.second(), work));
      },
    },
  ],
  [
    'wakeup',
    {
      databases: ['embedded', 'mariadb'],
      rounds: 3,
      tell: ({ hints }) => `${WAKE_UP_PER_SECOND}/s, ${pollOf(hints)}`,
      run: async (bed, { seconds, rounds, hints }) => {
        const pollMsMax = hints ? FAR_POLL_MS : NEAR_POLL_MS;
        const work = { perSecond: WAKE_UP_PER_SECOND, seconds, hints, pollMsMax };
        for (let round = 1; round <= rounds; round += 1)
          printWakeUp(bed, work, await wakeUp(bed, work));
      },
    },
  ],
]);

function pollOf(hints: boolean): string {
  return hints
    ? `announced, the poll is every ${FAR_POLL_MS / 1000} s`
    : `nothing announced, the poll is every ${NEAR_POLL_MS / 1000} s`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '20000' },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      parked: { type: 'string', default: '10000' },
      'no-hints': { type: 'boolean', default: false },
      db: { type: 'string', multiple: true },
      redis: { type: 'string', default: 'auto' },
    },
  });
  const work = WORKS.get(positionals[0] ?? '');
  if (work === undefined) throw new Error(`Name a work: ${[...WORKS.keys()].join(' or ')}.`);
  const options: Options = {
    count: positive('--count', values.count),
    rounds: positive('--rounds', values.rounds ?? String(work.rounds)),
    seconds: positive('--seconds', values.seconds),
    parked: positive('--parked', values.parked),
    hints: !values['no-hints'],
  };
  for (const db of values.db ?? work.databases) {
    const bed = await openBed({ db, redis: values.redis });
    process.stderr.write(`${bed.description}; ${work.tell(options)}\n`);
    try {
      await work.run(bed, options);
    } finally {
      await bed.close();
    }
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
