import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JsonReport } from '../src/demo/report';

const DEMO = join(__dirname, '..', 'dist', 'demo.js');
export const SAMPLE = join(__dirname, '..', 'sample');

/** A test says itself which servers its demo has. */
const NO_SERVERS = { DATABASE_URL: undefined, MARIADB_URL: undefined, REDIS_URL: undefined };

/** How a demo ended. */
export interface DemoRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A demo that runs, as a user would have started it: the built command in a process of its own. */
export class DemoProcess {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(process.execPath, [DEMO, ...args], {
      cwd: options.cwd ?? SAMPLE,
      env: { ...process.env, ...NO_SERVERS, ...options.env },
      // A group of its own, so that a test can press Ctrl-C on all of it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.closed = once(this.child, 'close');
  }

  async end(): Promise<DemoRun> {
    await this.closed;
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Resolves when it has said something that matches. */
  async hasSaid(words: RegExp): Promise<void> {
    while (!words.test(this.stdout + this.stderr)) {
      const { stdout, stderr } = this.child;
      if (stdout === null || stderr === null || this.child.exitCode !== null) {
        throw new Error(`It ended and never said ${String(words)}: ${this.stdout}${this.stderr}`);
      }
      await Promise.race([once(stdout, 'data'), once(stderr, 'data'), this.closed]);
    }
  }

  /** As Ctrl-C does it: to every process of the group. */
  interrupt(): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGINT');
  }
}

/** Runs a demo to its end. */
export async function runDemo(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<DemoRun> {
  return new DemoProcess(args, options).end();
}

/** The report of a demo that was run with `--json`, and must have ended well. */
export function reportOf({ code, stdout, stderr }: DemoRun): JsonReport {
  if (code !== 0) throw new Error(`The demo ended with ${String(code)}:\n${stderr}\n${stdout}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as JsonReport;
}
