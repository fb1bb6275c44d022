import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { migrateAll } from '../database/migrate-all';
import { readInput } from '../files/read-input';
import { InputFileError } from '../files/semicolon-records';
import type { Place, Queue } from '../place/place';
import { Census, type Outcome } from '../transfers/census';
import { DemoDatabase } from './demo-database';
import type { DemoOptions } from './options';
import { progressBar } from './progress';
import { deleteKeys, requireRedis } from './redis-keys';
import { jsonReport, textReport } from './report';
import { runRound, type RoundPlan } from './round';
import { chooseServers, type Servers } from './servers';
import { planTrouble } from './trouble-plan';
import { faultsOf } from './verdict';
import { patiently } from './watch';

/** Where a demo speaks, and what it leaves to be ended when it is interrupted. */
export interface Stage {
  /** For people. */
  readonly tell: (text: string) => void;
  /** Trouble and progress, for people too: never on the standard output. */
  readonly say: (text: string) => void;
  /** The line for programs. */
  readonly print: (text: string) => void;
  /** Ends what was begun, the last first; runs at the end, and on an interruption. */
  readonly later: (end: () => Promise<void>) => void;
}

const SAMPLE = join(__dirname, '..', '..', 'sample');
/** Connections that all instances may use for handlers together. */
const HANDLER_CONNECTIONS_MAX = 48;
/** Rounds in a row in which no trouble could be made. */
const EMPTY_ROUNDS_MAX = 5;
const REFUSED_LINES_SHOWN_MAX = 1_000;

/** Runs the demo, and answers whether every transfer ended and no money was lost. */
export async function runDemo(options: DemoOptions, stage: Stage): Promise<boolean> {
  const { tell, say, print, later } = stage;
  const orderFile = options.orders ?? join(SAMPLE, 'order.asc');
  const input = await readInput(options.accounts ?? join(SAMPLE, 'account.asc'), orderFile);
  for (const { file, line, reason } of input.refused.slice(0, REFUSED_LINES_SHOWN_MAX)) {
    say(`${file}:${line}: ${reason}`);
  }
  if (input.refused.length > 0) say(`${input.refused.length} lines were not taken.`);
  // A run of nothing would end well and prove nothing.
  if (input.orders.length === 0)
    throw new InputFileError(`${orderFile} holds no order that can be taken. Give another file.`);

  const servers = await chooseServers(options, process.env);
  later(() => servers.stop());
  if (servers.redisUrl !== null) await requireRedis(servers.redisUrl);
  const database = await DemoDatabase.open(servers.database, servers.isDatabaseOwn, say);
  later(() => database.close());
  await patiently('migrate', say, () => migrateAll(database.dataSource));
  tell(chosenLine(options, servers, database));

  const place: Place = { database: database.url, queue: queueOf(servers, database) };
  later(() => clearQueue(place.queue, say));
  const troublePlan = planTrouble(options, servers, place.queue, say);
  const { trouble } = troublePlan;
  later(() => troublePlan.close());
  const census = new Census(database.dataSource);
  const plan: RoundPlan = {
    place,
    census,
    input,
    openingBalance: options.openingBalance,
    closedBanks: new Set(options.closedBanks),
    instances: options.instances,
    settings: {
      databaseUrl: place.database.text,
      queue: place.queue,
      ...troublePlan.pace,
      callMax: Math.min(16, Math.max(2, Math.floor(HANDLER_CONNECTIONS_MAX / options.instances))),
    },
    trouble,
    progress: progressBar(!options.json),
    say,
    onFleet: (fleet) => later(() => fleet.stop()),
  };

  let first: Outcome | null = null;
  for (let rounds = 1; ; rounds += 1) {
    if (!options.keep) {
      await patiently('empty it', say, () => database.empty());
      await clearQueue(place.queue, say);
    }
    const round = await runRound(plan);
    first ??= round.outcome;
    const faults = [...faultsOf(round.outcome), ...(trouble?.faults ?? [])];
    if (!isSame(first, round.outcome))
      faults.push(`round ${rounds} ended otherwise than the first`);
    if (trouble !== null) {
      const { name, counted, planned, emptyRoundsInARow } = trouble;
      say(`Round ${rounds}: ${counted} of ${planned} ${name}.`);
      if (emptyRoundsInARow >= EMPTY_ROUNDS_MAX)
        faults.push(`no ${name} could be placed in ${EMPTY_ROUNDS_MAX} rounds: give more orders`);
      if (faults.length === 0 && counted < planned) continue;
    }

    const report = jsonReport(round, rounds, troublePlan.toll());
    tell(`\n${textReport(report, round.outcome)}\n`);
    tell(
      faults.length === 0
        ? 'Every transfer ended, and no money was lost.'
        : `NOT in order:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    );
    if (options.json) print(JSON.stringify(report));
    return faults.length === 0;
  }
}

function chosenLine(options: DemoOptions, servers: Servers, database: DemoDatabase): string {
  const closed = options.closedBanks.length > 0 ? options.closedBanks.join(', ') : 'none';
  const files = options.orders ?? 'the shipped sample';
  return (
    `Tenon demo: ${servers.shown.database}, database ${database.url.database ?? ''}; ${servers.shown.queue}; ` +
    `instances: ${options.instances}; orders: ${files}; closed banks: ${closed}.`
  );
}

/** On a Redis that others may use too, every demo database has keys of its own. */
function queueOf(servers: Servers, database: DemoDatabase): Queue {
  if (servers.redisUrl === null) return { kind: 'postgres' };
  const own = createHash('sha256').update(database.url.shown).digest('hex').slice(0, 12);
  return { kind: 'redis', url: servers.redisUrl, prefix: `tenon-demo-${own}` };
}

/** Deletes what this demo, or an earlier one on the same database, has left on a Redis. */
async function clearQueue(queue: Queue, say: (text: string) => void): Promise<void> {
  if (queue.kind === 'postgres') return;
  // What stays is harmless: a chunk that nobody waits for adopts nothing.
  await deleteKeys(queue.url, queue.prefix).catch(() => say('Redis does not answer; going on.'));
}

function isSame(a: Outcome, b: Outcome): boolean {
  const table = ({ compensated, ...numbers }: Outcome): string =>
    JSON.stringify({ ...numbers, compensated: [...compensated] });
  return table(a) === table(b);
}
