import type { EngineOptions } from '@tenon/engine';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { eventually } from '../eventually';

const ROOT = join(__dirname, '..', '..', '..', '..');
const SCRIPT = join('libs', 'engine', 'test', 'child', 'child.ts');

/** What a child is told when it starts. */
export interface ChildOrders {
  /** Its database. */
  readonly url: string;
  /** Its worker's name. */
  readonly worker: string;
  /** Where its queue is. Default: in its own memory, so that it shares its work through the database alone. */
  readonly redisUrl?: string;
  readonly prefix?: string;
  /** Numbers and flags only: they travel as JSON. */
  readonly options?: Partial<EngineOptions>;
}

/** A process with an engine. */
export interface Child {
  readonly pid: number;
  /** What it told so far. */
  readonly lines: readonly string[];
  /** Waits for a line that begins with `start`, and answers it. */
  tells(start: string, withinMs?: number): Promise<string>;
  /** Sends a signal to it. */
  send(signal: NodeJS.Signals): void;
  /** Resolves when it has ended, with its exit code or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Has it stop in good order. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** Starts a process with an engine that can run the shared sagas, and waits until it is ready. */
export async function startChild(orders: ChildOrders): Promise<Child> {
  const child = spawn(
    process.execPath,
    ['-r', './tooling/register.cjs', SCRIPT, JSON.stringify(orders)],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = once(child, 'exit').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
  );
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const handle: Child = {
    pid: child.pid ?? 0,
    lines,
    ended,
    tells: (start, withinMs) =>
      eventually(
        `${orders.worker} tells "${start}"`,
        () => {
          const found = lines.find((line) => line.startsWith(start));
          if (found === undefined && hasEnded) throw new Error(`${orders.worker} has ended`);
          return found;
        },
        withinMs,
        () => lines.slice(-5).join(' | '),
      ),
    send: (signal) => void child.kill(signal),
    stop: async () => {
      child.stdin.end('stop\n');
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  await handle.tells('ready', 30_000);
  return handle;
}
