import type { FaultPoint, FaultPoints } from '@tenon/core';
import type { Fault } from './messages';

const PASS = Promise.resolve();

/** Fault points that another process arms: whoever passes the armed one stands still until it is disarmed, or killed. */
export class ArmedFaults implements FaultPoints {
  private point: FaultPoint | null = null;
  private hitsLeft = 0;
  private release: (() => void) | null = null;

  constructor(private readonly onReached: (point: FaultPoint) => void) {}

  arm({ point, hits }: Fault): void {
    this.disarm();
    this.point = point;
    this.hitsLeft = hits;
  }

  disarm(): void {
    this.point = null;
    this.release?.();
    this.release = null;
  }

  hit(point: FaultPoint): Promise<void> {
    if (point !== this.point) return PASS;
    this.hitsLeft -= 1;
    if (this.hitsLeft > 0) return PASS;
    this.point = null;
    this.onReached(point);
    return new Promise((resolve) => (this.release = resolve));
  }
}
