import { NotFoundError, type FaultPoints, type Store } from '@tenon/core';
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

/** What one run of a rule came to; `error`: why it failed, or null. */
export interface RepairRun extends Repaired {
  readonly rule: string;
  readonly durationMs: number;
  readonly error: string | null;
}

/** Runs every rule at its own pace, one after another, and keeps a row of what it found and did. */
export class Repair {
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: Dependencies,
    private readonly rules: readonly RepairRule[],
  ) {}

  start(): void {
    this.loop = this.keep();
  }

  /**
   * Runs every rule once, now, or the one that is named; each leaves its row. The rules' own pace goes on as it was.
   *
   * @throws NotFoundError when there is no such rule
   */
  async runNow(name?: string): Promise<readonly RepairRun[]> {
    const rules = this.rules.filter((rule) => name === undefined || rule.name === name);
    if (rules.length === 0)
      throw new NotFoundError(
        `There is no such repair rule. The rules are: ${this.rules.map((rule) => rule.name).join(', ')}.`,
      );
    const runs: RepairRun[] = [];
    for (const rule of rules) {
      const run = await this.run(rule);
      await this.recordRun(run);
      runs.push(run);
    }
    return runs;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private hasStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async keep(): Promise<void> {
    const { clock } = this.deps;
    const memories = new Map(
      this.rules.map((rule) => [rule, { dueMs: 0, rowDueMs: 0, isFailing: false }]),
    );
    const paceMs = Math.min(...this.rules.map((rule) => rule.everyMs)) / 2;
    while (!this.hasStopped()) {
      for (const [rule, memory] of memories) {
        if (this.hasStopped() || clock.now() < memory.dueMs) continue;
        await this.runInTurn(rule, memory);
        // A little more than asked for, by chance: the processes of a cluster do not repair in step.
        memory.dueMs = clock.now() + rule.everyMs * (1 + clock.random() / 10);
      }
      await clock.sleep(paceMs, this.stopping.signal);
    }
  }

  private async runInTurn(rule: RepairRule, memory: Memory): Promise<void> {
    const { clock, logger } = this.deps;
    const run = await this.run(rule);
    // A rule that fails does so until its cause is gone: say it once, and once that it is over.
    if (run.error !== null && !memory.isFailing)
      logger.warn(`Repair ${rule.name} fails (${run.error}). It is tried again.`);
    if (run.error === null && memory.isFailing) logger.log(`Repair ${rule.name} works again.`);
    memory.isFailing = run.error !== null;
    if (run.found === 0 && run.error === null && clock.now() < memory.rowDueMs) return;
    memory.rowDueMs = clock.now() + SIGN_OF_LIFE_MS;
    await this.recordRun(run);
  }

  private async run(rule: RepairRule): Promise<RepairRun> {
    const { clock, faults } = this.deps;
    const startedMs = clock.now();
    let result: Repaired = { found: 0, repaired: 0 };
    let error: string | null;
    try {
      await faults.hit('repair.before');
      result = await rule.run(this.stopping.signal);
      await faults.hit('repair.after');
      error = result.failure ?? null;
    } catch (failure) {
      error = errorLine(failure);
    }
    const { found, repaired } = result;
    const durationMs = Math.round(clock.now() - startedMs);
    return { rule: rule.name, found, repaired, durationMs, error };
  }

  private async recordRun(run: RepairRun): Promise<void> {
    try {
      await this.deps.store.recordRepair(run);
    } catch {
      // The database is away; that has been said, and the next run tells what it finds then.
    }
  }
}
