import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DataFolder } from './data-folder';
import { ServerStartError } from './errors';
import { freePort, isPortFree } from './free-port';
import { watch } from './guardian';
import { STOP_MS_MAX } from './guardian-script';
import { isServing, type Probe } from './readiness';
import { lastLines, type Program, programEnvironment } from './run-program';
import { endServers, send } from './server-processes';

/** How long a server may take until it serves, in milliseconds; crash recovery is the long case. */
const START_MS_MAX = 60_000;
/** How often another free port is tried when someone else was quicker. */
const PORT_ATTEMPT_MAX = 5;
/** Above this size the log of former starts is set aside, in bytes. */
const LOG_BYTES_MAX = 1024 * 1024;

/** A server of this package: private to this process, on 127.0.0.1, stopped when this process ends. */
export interface EmbeddedServer {
  /** With user and password, ready for a client. It stays the same over `restart()`. */
  readonly url: string;
  readonly port: number;
  /** Of the running server, or of the one that ran last. It changes with `restart()`. */
  readonly pid: number;
  /** Where the server writes its log. */
  readonly logFile: string;
  /** Stops the server in order, after at most 20 seconds by force, and lets go of its data folder. */
  stop(): Promise<void>;
  /** Ends the server at once and without warning (SIGKILL), as a crash would. `restart()` or `stop()` comes next. */
  kill(): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
}

/** What differs from server to server. */
export interface ServerPlan {
  /** For people: `PostgreSQL`. */
  readonly title: string;
  readonly program: Program;
  /** The names under which the system lists its processes. */
  readonly processNames: readonly string[];
  readonly folder: DataFolder;
  readonly stopSignal: NodeJS.Signals;
  readonly probe: Probe;
  args(port: number): Promise<readonly string[]>;
  url(port: number): string;
}

/** Starts the planned server on `port`, or on a free one. The data folder must be held, and stays so if this fails. */
export async function startPrivateServer(
  plan: ServerPlan,
  port: number | undefined,
): Promise<EmbeddedServer> {
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? (await freePort());
    const server = new PrivateServer(plan, chosen);
    try {
      await server.restart();
      return server;
    } catch (error) {
      const wasTaken = port === undefined && !(await isPortFree(chosen));
      if (!wasTaken || attempt === PORT_ATTEMPT_MAX) throw error;
    }
  }
}

class PrivateServer implements EmbeddedServer {
  private child: ChildProcess | undefined;
  /** Calls wait for each other: a `stop` during a `restart` must not see half of it. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly plan: ServerPlan,
    readonly port: number,
  ) {}

  get url(): string {
    return this.plan.url(this.port);
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get logFile(): string {
    return this.plan.folder.logFile;
  }

  stop(): Promise<void> {
    return this.inTurn(async () => {
      await this.end(this.plan.stopSignal, STOP_MS_MAX);
      await this.plan.folder.release();
    });
  }

  kill(): Promise<void> {
    return this.inTurn(() => this.end('SIGKILL', 0));
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.end(this.plan.stopSignal, STOP_MS_MAX);
      await this.plan.folder.hold();
      try {
        await this.begin();
      } catch (error) {
        await this.end('SIGKILL', 0);
        throw error;
      }
    });
  }

  private inTurn(action: () => Promise<void>): Promise<void> {
    const result = this.turn.then(action);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async begin(): Promise<void> {
    const { plan, port } = this;
    if (!(await isPortFree(port))) {
      throw new ServerStartError(
        `${plan.title} cannot listen on 127.0.0.1:${String(port)}: the port is taken. Choose another, or none.`,
        { code: 'TENON_PORT_TAKEN' },
      );
    }
    const logBytes = await setLargeLogAside(this.logFile);
    const child = await this.spawn(await plan.args(port));
    this.child = child;
    const deadlineMs = Date.now() + START_MS_MAX;
    while (!(await isServing(port, plan.probe))) {
      if (hasEnded(child) || Date.now() > deadlineMs) throw await this.startError(child, logBytes);
      await sleep(20);
    }
    // Someone else may have taken the port and answered in our server's place.
    if (hasEnded(child)) throw await this.startError(child, logBytes);
  }

  private async spawn(args: readonly string[]): Promise<ChildProcess> {
    const { program, folder, stopSignal } = this.plan;
    const log = await open(this.logFile, 'a', 0o600);
    try {
      // Its own session, so that Ctrl-C in the terminal reaches us and not the server. The log is a file and no
      // pipe, so that the server does not die of a closed pipe before the guardian can stop it.
      const child = spawn(program.path, args, {
        ...folder.account,
        cwd: folder.data,
        detached: true,
        env: programEnvironment(program),
        stdio: ['ignore', log.fd, log.fd],
      });
      if (child.pid !== undefined) {
        const forget = watch(child.pid, stopSignal);
        child.once('exit', forget);
      }
      child.on('error', (error) => void log.write(`${error.message}\n`).catch(() => undefined));
      // A server alone must not keep our process alive: when all else is done, it is done.
      child.unref();
      if (child.pid === undefined) await once(child, 'error').catch(() => undefined);
      return child;
    } finally {
      await log.close();
    }
  }

  /** Ends the server and everything that belongs to it. */
  private async end(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    const { folder, processNames } = this.plan;
    const child = this.child;
    if (child?.pid !== undefined && !hasEnded(child)) {
      const ended = once(child, 'exit');
      child.ref();
      send(child.pid, signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(timer);
    }
    // Backends outlive a killed postmaster until they notice.
    if (child) await endServers(folder.data, processNames, signal, patienceMs);
  }

  private async startError(child: ChildProcess, logBytes: number): Promise<ServerStartError> {
    const how =
      child.pid === undefined
        ? `could not be started from ${this.plan.program.path}`
        : hasEnded(child)
          ? `ended at once (${child.signalCode ?? `exit code ${String(child.exitCode)}`})`
          : `did not answer within ${String(START_MS_MAX / 1000)} seconds`;
    const log = (await readFile(this.logFile)).subarray(logBytes).toString();
    return new ServerStartError(
      `${this.plan.title} ${how}. The end of its log, ${this.logFile}:\n${lastLines(log) || '(empty)'}`,
    );
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Returns the size of the log that stays: what this start writes comes after it. */
async function setLargeLogAside(logFile: string): Promise<number> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= LOG_BYTES_MAX) return size;
  await rename(logFile, `${logFile}.1`);
  return 0;
}
