import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const SERVICE = join(__dirname, '..', 'dist', 'main.js');

/** How a process of the service ended. */
export interface ServiceEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the service, as a user would have started it: the built command, on any free port. */
export class ServiceProcess {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(env: NodeJS.ProcessEnv, cwd = process.cwd()) {
    this.child = spawn(process.execPath, [SERVICE], {
      cwd,
      env: {
        ...process.env,
        ...{ DATABASE_URL: undefined, REDIS_URL: undefined, HOST: '127.0.0.1', PORT: '0' },
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.closed = once(this.child, 'close');
  }

  /** Starts one and resolves when it serves. */
  static async serving(env: NodeJS.ProcessEnv, cwd?: string): Promise<ServiceProcess> {
    const service = new ServiceProcess(env, cwd);
    await service.hasSaid(/Tenon serves/);
    return service;
  }

  /** Resolves when it has said something that matches. */
  async hasSaid(words: RegExp): Promise<void> {
    while (!words.test(this.stdout + this.stderr)) {
      const { stdout, stderr, exitCode, signalCode } = this.child;
      if (stdout === null || stderr === null || exitCode !== null || signalCode !== null) {
        throw new Error(`It ended and never said ${String(words)}: ${this.stdout}${this.stderr}`);
      }
      await Promise.race([once(stdout, 'data'), once(stderr, 'data'), this.closed]);
    }
  }

  /** Where it listens, once it has said so. */
  get url(): string {
    const url = /http:\/\/\S+/.exec(this.stdout)?.[0];
    if (url === undefined) throw new Error(`It does not listen yet: ${this.stdout}${this.stderr}`);
    return url;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(): Promise<ServiceEnd> {
    await this.closed;
    const { exitCode, signalCode } = this.child;
    return { code: exitCode, signal: signalCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Ends it as an orchestrator does, and answers how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ServiceEnd> {
    this.signal(signal);
    return this.end();
  }
}

/** What a request was answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends a request and reads the whole answer. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const body = isJson ? (JSON.parse(text) as Answer['body']) : { text };
  return { status: response.status, headers: response.headers, body };
}

/** Sends JSON. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** Sends a file. */
export async function upload(url: string, file: string | Buffer): Promise<Answer> {
  return send(url, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: file });
}
