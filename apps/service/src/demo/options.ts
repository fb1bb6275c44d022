import { Command, InvalidArgumentError, Option } from 'commander';
import { SettingError } from '../database/database-url';

/** What the demo is asked to do. */
export interface DemoOptions {
  readonly orders?: string;
  readonly accounts?: string;
  readonly openingBalance: string;
  readonly closedBanks: readonly string[];
  /** `embedded`, `mariadb` or a URL. */
  readonly db?: string;
  /** A URL, `auto` or `none`. */
  readonly redis?: string;
  readonly instances: number;
  readonly kills: number;
  /** Faults of the private Redis: three times FLUSHALL, then SIGKILL, and so on. */
  readonly redisFaults: number;
  readonly keep: boolean;
  readonly json: boolean;
}

const INSTANCES_MAX = 32;
const KILLS_MAX = 10_000;
/** The bank that is closed when the demo is given neither files nor banks, so that every outcome is seen. */
const SAMPLE_CLOSED_BANK = 'QR';

interface Flags extends Omit<DemoOptions, 'closedBanks'> {
  readonly closedBank: readonly string[];
}

/**
 * Reads the demo's command line.
 *
 * @throws CommanderError on a wrong one, having told why, and after `--help`
 * @throws SettingError when options do not go together
 */
export function demoOptions(args: readonly string[]): DemoOptions {
  const flags = program().parse(args, { from: 'user' }).opts<Flags>();
  const { closedBank, ...options } = flags;
  if ((flags.orders === undefined) !== (flags.accounts === undefined)) {
    throw new SettingError('Give both --orders and --accounts, or neither for the shipped sample.');
  }
  checkTrouble(flags);
  const isSample = flags.orders === undefined;
  const closedBanks = isSample && closedBank.length === 0 ? [SAMPLE_CLOSED_BANK] : closedBank;
  return { ...options, closedBanks };
}

function checkTrouble({ kills, redisFaults, redis, keep }: Flags): void {
  if (kills > 0 && redisFaults > 0) {
    throw new SettingError('Give either --kills or --redis-faults: each has rounds of its own.');
  }
  const option = kills > 0 ? '--kills' : redisFaults > 0 ? '--redis-faults' : null;
  if (keep && option !== null) {
    throw new SettingError(
      `${option} repeats the input on an emptied database, so it cannot go with --keep.`,
    );
  }
  if (redisFaults > 0 && redis !== undefined && redis !== 'auto') {
    throw new SettingError(
      '--redis-faults breaks only a Redis of its own: leave --redis out, or give --redis auto.',
    );
  }
}

function program(): Command {
  return new Command('npm run demo --')
    .description(
      'Runs payment orders through the saga "transfer", and proves that no money was lost.',
    )
    .option(
      '--orders <file>',
      "payment orders, as in order.asc of PKDD'99 (default: the shipped sample)",
    )
    .option('--accounts <file>', 'their accounts, as in account.asc (default: the shipped sample)')
    .option('--opening-balance <amount>', 'what every account begins with', money, '10000.00')
    .addOption(
      new Option('--closed-bank <bank>', 'a bank that takes no money; may be repeated')
        .argParser(collect)
        .default([], `none; ${SAMPLE_CLOSED_BANK} with the sample`),
    )
    .option(
      '--db <place>',
      'embedded | mariadb | URL of a server, or of a database on it (default: DATABASE_URL, else embedded)',
    )
    .option(
      '--redis <place>',
      'URL | auto (a private one) | none (default: REDIS_URL, else auto for MariaDB and MySQL, none for PostgreSQL)',
    )
    .option('--instances <n>', 'processes that share the work', wholeNumber(1, INSTANCES_MAX), 1)
    .option(
      '--kills <n>',
      'kill instances in the middle of their work, so often',
      wholeNumber(0, KILLS_MAX),
      0,
    )
    .option(
      '--redis-faults <n>',
      'wipe a private Redis (FLUSHALL) while it has chunks in hand, so often; every fourth time kill it instead',
      wholeNumber(0, KILLS_MAX),
      0,
    )
    .option(
      '--keep',
      'do not empty the database first: orders that it knows are not taken again',
      false,
    )
    .option('--json', 'end with one line of JSON on the standard output', false)
    .addHelpText(
      'after',
      `
The demo works in a database of its own, tenon_demo, and leaves its rows there. TENON_LEDGER=1 makes every handler
note its effect in the table effect_ledger.

Exit code: 0 all orders ended and the money is conserved; 1 not so; 2 it cannot begin like this; 3 newer schema.`,
    )
    .showHelpAfterError('See npm run demo -- --help.')
    .exitOverride();
}

function collect(value: string, before: readonly string[]): readonly string[] {
  if (value === '') throw new InvalidArgumentError('It is empty.');
  return [...before, value];
}

function money(value: string): string {
  if (/^\d{1,13}(\.\d{1,2})?$/.test(value)) return value;
  throw new InvalidArgumentError(
    'It must be a decimal number with at most two decimals and 13 digits before them, such as 10000.00.',
  );
}

function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
