import 'reflect-metadata';
import { constants } from 'node:os';
import { CommanderError } from 'commander';
import { demoOptions, type DemoOptions } from './demo/options';
import { runDemo } from './demo/run-demo';
import { exitCodeOf, explain } from './exit-code';

const ends: (() => Promise<void>)[] = [];
let isInterrupted = false;

/** `npm run demo`. */
async function main(): Promise<void> {
  const options = demoOptions(process.argv.slice(2));
  const isInOrder = await runDemo(options, stageOf(options));
  await endAll();
  leave(isInOrder ? 0 : 1);
}

function stageOf({ json }: DemoOptions): Parameters<typeof runDemo>[1] {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const say = (text: string): void => {
    // What is stopped under its own hands complains, and that is no news.
    if (!isInterrupted) process.stderr.write(`${text}\n`);
  };
  return { print, say, tell: json ? say : print, later: (end) => ends.push(end) };
}

/** Ends what was begun, the last first, whatever fails meanwhile. */
async function endAll(): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    await end().catch((error: unknown) => console.error(explain(error)));
  }
}

/** Once what was written has gone out: a pipe may be slower than we are. */
function leave(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.exit(code));
}

async function interrupt(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Promise<void> {
  const code = 128 + constants.signals[signal];
  if (isInterrupted) process.exit(code);
  isInterrupted = true;
  console.error(`\n${signal}: stopping what was started. Once more to leave at once.`);
  await endAll();
  leave(code);
}

// Whoever read it has gone (`| head`): the run goes on, and its exit code still tells.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void interrupt(signal));
}

main().catch(async (error: unknown) => {
  if (isInterrupted) return;
  if (error instanceof CommanderError) {
    leave(error.exitCode === 0 ? 0 : 2);
    return;
  }
  console.error(explain(error));
  await endAll();
  leave(exitCodeOf(error));
});
