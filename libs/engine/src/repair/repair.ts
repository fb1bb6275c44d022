import type { FaultPoints, Store } from '@tenon/core';
import type { Clock } from '../clock/clock';
import { errorLine, type EngineLogger } from '../logger';
import type { Repaired, RepairRule } from './rules';

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: EngineLogger;
  readonly faults: FaultPoints;
}

/** A rule that finds nothing leaves a row this often, as a sign of life, in milliseconds. */
const SIGN_OF_LIFE_MS = 60_000;

/** What repair remembers of a rule between its runs. */
interface Memory {
  dueMs: number;
  rowDueMs: number;
  isFailing: boolean;
}

/** Runs every rule at its own pace, one after another, and keeps a row of what it found and did. */
export class Repair {
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(private readonly deps: Dependencies) {}

  start(rules: readonly RepairRule[]): void {
    this.loop = this.keep(rules);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private hasStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async keep(rules: readonly RepairRule[]): Promise<void> {
    const { clock } = this.deps;
    const memories = new Map(
      rules.map((rule) => [rule, { dueMs: 0, rowDueMs: 0, isFailing: false }]),
    );
    const paceMs = Math.min(...rules.map((rule) => rule.everyMs)) / 2;
    while (!this.hasStopped()) {
      for (const [rule, memory] of memories) {
        if (this.hasStopped() || clock.now() < memory.dueMs) continue;
        await this.run(rule, memory);
        // A little more than asked for, by chance: the processes of a cluster do not repair in step.
        memory.dueMs = clock.now() + rule.everyMs * (1 + clock.random() / 10);
      }
      await clock.sleep(paceMs, this.stopping.signal);
    }
  }

  private async run(rule: RepairRule, memory: Memory): Promise<void> {
    const { clock, faults, logger } = this.deps;
    const startedMs = clock.now();
    let result: Repaired = { found: 0, repaired: 0 };
    let failure: string | null = null;
    try {
      await faults.hit('repair.before');
      result = await rule.run(this.stopping.signal);
      failure = result.failure ?? null;
      await faults.hit('repair.after');
    } catch (error) {
      failure = errorLine(error);
    }
    // A rule that fails does so until its cause is gone: say it once, and once that it is over.
    if (failure !== null && !memory.isFailing)
      logger.warn(`Repair ${rule.name} fails (${failure}). It is tried again.`);
    if (failure === null && memory.isFailing) logger.log(`Repair ${rule.name} works again.`);
    memory.isFailing = failure !== null;
    if (result.found === 0 && failure === null && clock.now() < memory.rowDueMs) return;
    memory.rowDueMs = clock.now() + SIGN_OF_LIFE_MS;
    await this.recordRun(rule, result, Math.round(clock.now() - startedMs), failure);
  }

  private async recordRun(
    rule: RepairRule,
    { found, repaired }: Repaired,
    durationMs: number,
    error: string | null,
  ): Promise<void> {
    try {
      await this.deps.store.recordRepair({ rule: rule.name, found, repaired, durationMs, error });
    } catch {
      // The database is away; that has been said, and the next run tells what it finds then.
    }
  }
}
