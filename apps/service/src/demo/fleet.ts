import type { FaultPoint } from '@tenon/core';
import type { EngineCounters } from '@tenon/engine';
import type { Fault, InstanceSettings } from '../instance/messages';
import { InstanceProcess } from './instance-process';

/** Instances that end by themselves, one after another, before they were ready: then something is wrong with all. */
const FAILED_STARTS_MAX = 3;

/** An instance stands still at a fault point. */
export interface Reached {
  readonly instance: InstanceProcess;
  readonly point: FaultPoint;
}

/** What a fleet is made of. */
export interface FleetOptions {
  readonly count: number;
  readonly settings: Omit<InstanceSettings, 'workerName'>;
  readonly say: (message: string) => void;
}

/** The instances of the service: as many as were asked for, whatever happens to them. */
export class Fleet {
  private readonly instances = new Set<InstanceProcess>();
  private readonly gone: EngineCounters[] = [];
  private isStopping = false;
  private failedStarts = 0;
  private fault: Fault | null = null;
  private onReached: ((reached: Reached) => void) | null = null;
  private breakDown: (error: Error) => void = () => undefined;
  /** Rejects when instances cannot be started at all. */
  readonly failure = new Promise<never>((_resolve, reject) => (this.breakDown = reject));

  constructor(private readonly options: FleetOptions) {
    // Whoever waits for the fleet hears of it; nobody may be waiting yet.
    this.failure.catch(() => undefined);
    for (let number = 1; number <= options.count; number += 1) this.launch(`instance-${number}`);
  }

  get hasReady(): boolean {
    return [...this.instances].some((instance) => instance.isReady);
  }

  /** Arms every instance; `onReached` is called for the first that gets there, and the others are disarmed. Not while it stops. */
  arm(fault: Fault, onReached: (reached: Reached) => void): void {
    // One that stands still cannot end in good order.
    if (this.isStopping) return;
    this.fault = fault;
    this.onReached = onReached;
    for (const instance of this.instances) instance.arm(fault);
  }

  disarm(): void {
    this.fault = null;
    this.onReached = null;
    for (const instance of this.instances) instance.disarm();
  }

  /** Kills an instance, and starts another in its place at once. */
  async kill(instance: InstanceProcess): Promise<void> {
    await instance.kill();
    if (!this.isStopping) this.launch(instance.name);
  }

  /** What all instances, living and dead, have done together. */
  counters(): EngineCounters {
    const all = [...this.gone, ...[...this.instances].map((instance) => instance.counters)];
    const sum = (of: (counters: EngineCounters) => number): number =>
      all.reduce((total, counters) => total + of(counters), 0);
    return {
      bookkeepingCommits: sum((counters) => counters.bookkeepingCommits),
      handlerCommits: sum((counters) => counters.handlerCommits),
      queueJobs: sum((counters) => counters.queueJobs),
    };
  }

  /** Ends all instances in good order. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.disarm();
    await Promise.all([...this.instances].map((instance) => instance.end()));
  }

  private launch(name: string): void {
    this.instances.add(
      new InstanceProcess(name, this.options.settings, {
        reached: (instance, point) => this.reached({ instance, point }),
        ended: (instance, reason) => this.ended(instance, reason),
      }),
    );
  }

  private reached(reached: Reached): void {
    const { onReached, fault } = this;
    if (onReached === null || fault?.point !== reached.point) {
      reached.instance.disarm();
      return;
    }
    this.onReached = null;
    for (const instance of this.instances) if (instance !== reached.instance) instance.disarm();
    onReached(reached);
  }

  /** What ends without being told to is replaced too: a crash is what this is all about. */
  private ended(instance: InstanceProcess, reason: string | null): void {
    const wasReady = instance.hasBeenReady;
    this.instances.delete(instance);
    this.gone.push(instance.counters);
    if (reason === null || this.isStopping) return;
    this.options.say(`${instance.name} ended by itself: ${reason}`);
    this.failedStarts = wasReady ? 0 : this.failedStarts + 1;
    if (this.failedStarts < FAILED_STARTS_MAX) this.launch(instance.name);
    else this.breakDown(new Error(`Instances cannot be started: ${reason}`));
  }
}
