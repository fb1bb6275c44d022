import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FaultPoint } from '@tenon/core';
import type { EngineCounters } from '@tenon/engine';
import type { Fault, FromInstance, InstanceSettings, ToInstance } from '../instance/messages';

/** How long an instance may take to end in good order, in milliseconds; then it is killed. */
const END_MS_MAX = 8_000;

/** What an instance tells of itself. */
export interface InstanceEvents {
  reached(instance: InstanceProcess, point: FaultPoint): void;
  /** It ended. `reason` is null when it was told to, or killed by us. */
  ended(instance: InstanceProcess, reason: string | null): void;
}

/** One instance of the service, in a process of its own. It does not outlive this one. */
export class InstanceProcess {
  /** As last told: a kill loses what was counted since, at most a quarter of a second's worth. */
  counters: EngineCounters = { bookkeepingCommits: 0, handlerCommits: 0, queueJobs: 0 };
  isReady = false;
  hasBeenReady = false;
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private isExpectedToEnd = false;
  private failure: string | null = null;

  constructor(
    readonly name: string,
    settings: Omit<InstanceSettings, 'workerName'>,
    private readonly events: InstanceEvents,
  ) {
    // Its standard output is our standard error: ours belongs to the report.
    this.child = fork(join(__dirname, '..', 'instance.js'), {
      execArgv: [],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.exited = once(this.child, 'exit');
    this.child.on('error', (error) => (this.failure ??= error.message));
    this.child.on('message', (message: FromInstance) => {
      if (message.kind === 'loaded') {
        const workerName = `${name}:${String(this.child.pid)}`;
        this.tell({ kind: 'begin', settings: { ...settings, workerName } });
      } else {
        this.hear(message);
      }
    });
    this.child.on('exit', (code, signal) => {
      this.isReady = false;
      const how = signal ?? `exit code ${String(code)}`;
      events.ended(this, this.isExpectedToEnd ? null : (this.failure ?? how));
    });
  }

  arm(fault: Fault): void {
    this.tell({ kind: 'arm', fault });
  }

  disarm(): void {
    this.tell({ kind: 'disarm' });
  }

  /** SIGKILL: nothing in it can notice. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.isExpectedToEnd = true;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Lets it end in good order, for a bounded time. */
  async end(): Promise<void> {
    this.isExpectedToEnd = true;
    this.tell({ kind: 'end' });
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_MS_MAX);
    await this.exited;
    clearTimeout(timer);
  }

  private hear(message: FromInstance): void {
    switch (message.kind) {
      case 'loaded':
        break;
      case 'ready':
        this.isReady = true;
        this.hasBeenReady = true;
        break;
      case 'counters':
        this.counters = message.counters;
        break;
      case 'reached':
        this.counters = message.counters;
        this.events.reached(this, message.point);
        break;
      case 'failed':
        this.failure = message.reason;
        break;
    }
  }

  private tell(message: ToInstance): void {
    // An instance that has just died hears nothing; its exit is told in due course.
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
