import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { OperatorKey } from '@tenon/core';
import { Operator } from '@tenon/engine';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../options';
import { hashOfKey } from './keys';

interface Remembered {
  readonly digest: Buffer;
  readonly key: OperatorKey;
  readonly untilMs: number;
}

/** So many keys are remembered at a time; others are looked up each time. */
const REMEMBERED_MAX = 100;

/**
 * Who holds a key. Only keys that were found are remembered, and for a moment: a revoked one stops working within that
 * time, and made-up ones fill no memory.
 */
@Injectable()
export class KeyRing {
  private remembered: readonly Remembered[] = [];
  private anyUntilMs = 0;

  constructor(
    private readonly operator: Operator,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  /** The living key, or null. */
  async find(plain: string): Promise<OperatorKey | null> {
    const digest = hashOfKey(plain);
    const now = performance.now();
    this.remembered = this.remembered.filter(({ untilMs }) => untilMs > now);
    const known = this.remembered.find((each) => timingSafeEqual(each.digest, digest));
    if (known !== undefined) return known.key;
    // Looked up by its hash: how long that takes tells nothing of a key.
    const key = await this.operator.store.findKey(digest.toString('hex'));
    if (key !== null && this.remembered.length < REMEMBERED_MAX)
      this.remembered = [
        ...this.remembered,
        { digest, key, untilMs: now + this.options.keyCacheMs },
      ];
    return key;
  }

  /** Whether anybody at all could be let in. */
  async hasAny(): Promise<boolean> {
    const now = performance.now();
    if (now < this.anyUntilMs) return true;
    const keys = await this.operator.store.listKeys();
    const hasAny = keys.some(({ revokedAt }) => revokedAt === null);
    if (hasAny) this.anyUntilMs = now + this.options.keyCacheMs;
    return hasAny;
  }
}
