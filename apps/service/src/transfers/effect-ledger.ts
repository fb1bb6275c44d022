import type { Phase, TransactionalContext } from '@tenon/core';
import { Injectable } from '@nestjs/common';
import { Effect } from './effect.entity';

/**
 * Notes every effect in a table of its own when the environment says `TENON_LEDGER=1`, so that a test can prove that
 * each happened once and in which order. Costs one statement per handler call.
 */
@Injectable()
export class EffectLedger {
  private readonly isOn = process.env.TENON_LEDGER === '1';

  async note(ctx: TransactionalContext, phase: Phase): Promise<void> {
    if (!this.isOn) return;
    await ctx.tx.insert(Effect, {
      sagaId: ctx.saga.id,
      opKey: ctx.saga.key,
      branch: ctx.step,
      phase,
      fence: ctx.fence,
      worker: ctx.worker,
    });
  }
}
