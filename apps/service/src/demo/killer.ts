import { setTimeout as wait } from 'node:timers/promises';
import type { FaultPoint } from '@tenon/core';
import type { Reached } from './fleet';
import { hitsBefore, killPlan } from './kill-plan';
import type { Ground, Trouble } from './trouble';

/** An armed point that nobody passes in this time is given up for another one, in milliseconds. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 50;

/** Kills instances at the planned points, over as many rounds as it takes, and counts the kills that count. */
export class Killer implements Trouble {
  readonly name = 'kills';
  readonly faults = [];
  private readonly points: FaultPoint[];
  private countedThisRound = 0;
  private emptyRounds = 0;
  counted = 0;

  constructor(readonly planned: number) {
    this.points = [...killPlan(planned)];
  }

  get emptyRoundsInARow(): number {
    return this.emptyRounds;
  }

  async haunt(ground: Ground): Promise<void> {
    this.countedThisRound = 0;
    // A kill counts only if a saga has ended since the one before it. A round begins with none ended.
    let endedAtLastKill = 0;
    while (this.points.length > 0 && !ground.isOver.aborted) {
      const isTime = ground.fleet.hasReady && (await ground.countEnded()) > endedAtLastKill;
      const point = this.points[0];
      const reached = isTime && point !== undefined ? await this.lieInWait(ground, point) : null;
      if (reached === null) {
        // Another point next time, so that one that is rarely passed holds up nobody.
        if (isTime) this.points.push(...this.points.splice(0, 1));
        await wait(LOOK_MS);
        continue;
      }
      await ground.fleet.kill(reached.instance);
      this.points.shift();
      this.counted += 1;
      this.countedThisRound += 1;
      endedAtLastKill = await ground.countEnded();
    }
    this.emptyRounds = this.countedThisRound > 0 ? 0 : this.emptyRounds + 1;
  }

  /** Arms all instances, and answers the first that stands still at the point; null if none did. */
  private async lieInWait({ fleet, isOver }: Ground, point: FaultPoint): Promise<Reached | null> {
    const hits = hitsBefore(point, Math.random(), this.emptyRounds > 0);
    const patience = AbortSignal.any([isOver, AbortSignal.timeout(PATIENCE_MS)]);
    const reached = await new Promise<Reached | null>((resolve) => {
      patience.addEventListener('abort', () => resolve(null), { once: true });
      if (patience.aborted) resolve(null);
      else fleet.arm({ point, hits }, resolve);
    });
    if (reached === null) fleet.disarm();
    return reached;
  }
}
