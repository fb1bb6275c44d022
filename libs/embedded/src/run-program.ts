import { spawn } from 'node:child_process';

import type { Account } from './account';
import { watch } from './guardian';

/** A program and what its environment needs besides the usual. */
export interface Program {
  /** An absolute path, or the name of a program that every Unix has on its PATH. */
  readonly path: string;
  /** For a program that was unpacked and not installed: where its libraries are. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Details of one run; all optional. */
export interface RunOptions {
  readonly account?: Account | undefined;
  readonly cwd?: string;
  /** Text for its standard input. */
  readonly input?: string;
  /** After this many milliseconds it is killed. Default: two minutes. */
  readonly runMsMax?: number;
}

/** The end of a program's run. */
export interface RunResult {
  readonly succeeded: boolean;
  /** Both its output streams, in the order written. */
  readonly output: string;
}

/**
 * The environment for servers and their tools: nothing of ours (`PGDATA`, `LC_ALL`, …) may change how they behave,
 * and their messages stay in English.
 */
export function programEnvironment(program: Program): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: '/', LC_ALL: 'C', TZ: 'UTC', ...program.env };
}

/** Runs a program to its end. It does not outlive us: the guardian ends it and its children. */
export async function runProgram(
  program: Program,
  args: readonly string[],
  { account, cwd = '/', input = '', runMsMax = 120_000 }: RunOptions = {},
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(program.path, args, {
      ...account,
      cwd,
      detached: true,
      env: programEnvironment(program),
      stdio: 'pipe',
    });
    const forget = child.pid === undefined ? undefined : watch(-child.pid, 'SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), runMsMax);
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const finish = (succeeded: boolean): void => {
      clearTimeout(timer);
      forget?.();
      resolve({ succeeded, output });
    };
    child.once('error', (error) => {
      output += error.message;
      finish(false);
    });
    child.once('close', (code) => {
      finish(code === 0);
    });
    child.stdin.on('error', () => undefined); // It ended without reading: its exit code tells.
    child.stdin.end(input);
  });
}

/** The last `lineMax` lines of a text, for an error message. */
export function lastLines(text: string, lineMax = 15): string {
  return text.trim().split('\n').slice(-lineMax).join('\n');
}
