import type { TypeBacklog } from '@tenon/core';
import { Operator } from '@tenon/engine';
import { Injectable } from '@nestjs/common';

/** However often it is asked for, the database is asked once in so many milliseconds. */
const FRESH_MS = 1_000;

/** How much waits, by type: for the probes and the metrics of this process. */
@Injectable()
export class Backlog {
  private latest: Promise<readonly TypeBacklog[]> | null = null;
  private readAtMs = 0;

  constructor(private readonly operator: Operator) {}

  async read(): Promise<readonly TypeBacklog[]> {
    const now = performance.now();
    if (this.latest === null || now - this.readAtMs > FRESH_MS) {
      this.readAtMs = now;
      this.latest = this.operator.store.backlog();
    }
    return this.latest;
  }
}
