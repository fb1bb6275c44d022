import {
  fixed,
  saga,
  type ExternalContext,
  type InputParser,
  type TransactionalContext,
} from '@tenon/core';
import { setTimeout as pause } from 'node:timers/promises';

import { effect, handler, nothing, reserves, writes, type Work } from '../handlers';

/** What the sagas that run in several processes are started with. */
export interface SharedWork extends Work {
  /** Workers whose name begins so do what the saga is named after; others only write their effect. */
  readonly victim?: string;
  readonly ms?: number;
}

/** Tells the test what happens in this process. */
let tell: (line: string) => void = () => undefined;

export function tellBy(teller: (line: string) => void): void {
  tell = teller;
}

const input: InputParser<SharedWork> = { parse: (payload) => payload as SharedWork };
const common = { version: 1, input, key: (given: SharedWork) => given.key ?? null } as const;
const retry = fixed({ attempts: 3, delayMs: 1 });

const isVictim = ({ worker, input: { victim } }: ExternalContext<SharedWork>): boolean =>
  victim !== undefined && worker.startsWith(victim);

/** Keeps the event loop of this process to itself. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const blocks = handler({
  action: async (ctx: TransactionalContext<SharedWork>): Promise<void> => {
    await effect(ctx, 'action');
    if (!isVictim(ctx)) return;
    tell(`blocks ${ctx.saga.id}`);
    // What was told must be on its way before nothing is any more.
    await pause(20);
    block(ctx.input.ms ?? 1_000);
  },
});

const kills = handler({
  action: async (ctx: TransactionalContext<SharedWork>): Promise<void> => {
    await effect(ctx, 'action');
    if (isVictim(ctx)) process.kill(process.pid, 'SIGKILL');
  },
});

const waits = handler({
  action: async (ctx: TransactionalContext<SharedWork>): Promise<void> => {
    await effect(ctx, 'action');
    if (!isVictim(ctx)) return;
    tell(`waits ${ctx.saga.id}`);
    await pause(ctx.input.ms ?? 60_000, undefined, { signal: ctx.signal });
  },
});

const locks = handler({
  action: async (ctx: TransactionalContext<SharedWork>): Promise<void> => {
    await ctx.tx.query('UPDATE shared SET changes = changes + 1 WHERE id = 1');
    tell(`locks ${ctx.saga.id}`);
    await pause(ctx.input.ms ?? 60_000, undefined, { signal: ctx.signal });
  },
});

const tells = handler({
  action: async (ctx: ExternalContext<SharedWork>): Promise<void> => {
    tell(`called ${ctx.saga.id} ${process.hrtime.bigint()}`);
  },
});

/** One step, whose handler blocks the event loop of a victim behind its effect. */
export const blocking = saga('blocking', common).step('block', blocks, { retry });
/** One step, whose handler kills a victim's process behind its effect. */
export const killing = saga('killing', common).step('kill', kills, { retry });
/** Two steps; the handler of the second waits in a victim's process. */
export const waiting = saga('waiting', common)
  .step('first', writes, { retry })
  .step('wait', waits, { retry });
/** One step, whose handler changes a row that others change too, and then waits for as long as its time-out lets it. */
export const locking = saga('locking', common).step('lock', locks, { timeoutMs: 2_000, retry });
/** One external step that tells when it is called. */
export const telling = saga('telling', common).step('tell', tells, { mode: 'external', retry });
/** Two TCC branches, each phase with an effect. */
export const paying = saga('paying', common).tcc('debit', reserves).tcc('credit', reserves);
/** Three steps that do nothing. */
export const idle = saga('idle', common)
  .step('one', nothing, { mode: 'external' })
  .step('two', nothing, { mode: 'external' })
  .step('three', nothing, { mode: 'external' });

/** Every saga that a child can run. */
export const sharedSagas = [blocking, killing, waiting, locking, telling, paying, idle];
