import type { Dispatcher, HeldSaga, Store } from '@tenon/core';
import type { Clock } from '../clock/clock';
import type { Session } from '../session';

/** What one run of a rule came to. */
export interface Repaired {
  readonly found: number;
  readonly repaired: number;
  /** What kept it from doing the rest. */
  readonly failure?: string;
}

/** Something the flow should never leave behind, and how it is mended. Running a rule twice, or at two places at once, is harmless. */
export interface RepairRule {
  readonly name: string;
  readonly everyMs: number;
  /** A run that takes long ends soon after `stopping` aborts. */
  run(stopping?: AbortSignal): Promise<Repaired>;
}

/** What the rules work on. */
export interface RepairContext {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly sessionMs: number;
  readonly pollMsMax: number;
  readonly unservedGraceMs: number;
  readonly fenceRetentionMs: number;
  readonly sessionRetentionMs: number;
  readonly repairRunRetentionMs: number;
  readonly currentSession: () => Session | null;
  readonly isRunningHere: (sagaId: string) => boolean;
  readonly runHere: (held: readonly HeldSaga[], session: Session) => void;
  /** Work was made due: look for it. */
  readonly nudge: () => void;
}

/** Parked markers are looked at only after this long at the head of their key: a release is usually on its way. */
const PARKED_GRACE_MS = 2_000;
/** Found twice in a row is left behind, so whoever waits behind a lost answer waits for up to twice as long. */
const ORPHANS_EVERY_MS = 1_000;
const DELETED_PER_RUN_MAX = 5_000;
const FENCES_EVERY_MS = 60_000;
/** Few rows: what is deleted is to be more than the rows of the runs that delete it. */
const RECORDS_EVERY_MS = 600_000;

/** Every rule, in the order in which a row meets them. */
export function repairRules(context: RepairContext): readonly RepairRule[] {
  const { store, sessionMs } = context;
  const all = async (work: Promise<number>): Promise<Repaired> => {
    const found = await work;
    if (found > 0) context.nudge();
    return { found, repaired: found };
  };
  return [
    {
      name: 'lapsed-sessions',
      everyMs: Math.min(1_000, sessionMs / 4),
      run: () => all(store.endLapsedSessions()),
    },
    { name: 'lost-queue', everyMs: 2_000, run: queueRule(context) },
    {
      name: 'parked-heads',
      everyMs: 2_000,
      run: () => all(store.freeParkedHeads(PARKED_GRACE_MS)),
    },
    {
      name: 'unserved-markers',
      everyMs: 2_000,
      run: () => all(store.buryUnserved(context.unservedGraceMs)),
    },
    {
      name: 'orphaned-sagas',
      everyMs: Math.min(ORPHANS_EVERY_MS, sessionMs),
      run: orphanRule(context),
    },
    {
      name: 'old-fences',
      everyMs: FENCES_EVERY_MS,
      run: () => deleted(store.tidyFences(context.fenceRetentionMs, DELETED_PER_RUN_MAX)),
    },
    {
      name: 'old-sessions',
      everyMs: RECORDS_EVERY_MS,
      run: () => deleted(store.tidySessions(context.sessionRetentionMs, DELETED_PER_RUN_MAX)),
    },
    {
      name: 'old-repair-runs',
      everyMs: RECORDS_EVERY_MS,
      run: () => deleted(store.tidyRepairRuns(context.repairRunRetentionMs, DELETED_PER_RUN_MAX)),
    },
  ];
}

/** What is old is deleted, and nobody needs to look for work after that. */
async function deleted(work: Promise<number>): Promise<Repaired> {
  const found = await work;
  return { found, repaired: found };
}

/**
 * A queue without its job scheduler has been wiped: what it had been given is due again, and the scheduler is made anew. One
 * that is there gets this process's pace once, because it may have that of an earlier configuration.
 */
function queueRule({ store, dispatcher, pollMsMax, nudge }: RepairContext): RepairRule['run'] {
  let isPaceSet = false;
  return async () => {
    const hasScheduler = await dispatcher.hasScheduler();
    // In this order: whoever dies in between leaves a queue without a scheduler, and the next one mends it.
    const requeued = hasScheduler ? 0 : await store.requeueQueued();
    if (!hasScheduler || !isPaceSet) await dispatcher.ensureScheduler(pollMsMax);
    isPaceSet = true;
    if (hasScheduler) return { found: 0, repaired: 0 };
    nudge();
    return { found: requeued + 1, repaired: requeued + 1 };
  };
}

/**
 * Sagas that this process holds and does not run: the answer to an adoption or a release was lost on its way here. Only
 * what is found again half a session later counts, because a saga that was just adopted is not running yet.
 */
function orphanRule({
  store,
  clock,
  sessionMs,
  currentSession,
  isRunningHere,
  runHere,
}: RepairContext): () => Promise<Repaired> {
  let suspects: ReadonlyMap<string, number> = new Map();
  return async () => {
    const session = currentSession();
    if (session === null) return { found: 0, repaired: 0 };
    const idle = (await store.heldIds(session.id)).filter((id) => !isRunningHere(id));
    const nowMs = clock.now();
    suspects = new Map(idle.map((id) => [id, suspects.get(id) ?? nowMs]));
    const orphans = idle.filter((id) => nowMs - (suspects.get(id) ?? nowMs) >= sessionMs / 2);
    if (orphans.length === 0) return { found: 0, repaired: 0 };
    const held = await store.load(orphans, session.id);
    runHere(held, session);
    return { found: orphans.length, repaired: held.length };
  };
}
