import {
  newMarker,
  type AuditEntry,
  type AuditRow,
  type AppendedMarker,
  type AppendOptions,
  type FencedCall,
  type HeldSaga,
  type NewMarker,
  type OperationDetails,
  type PageRequest,
  type SagaReport,
  type SagaRecord,
  type StepCommit,
  type Store,
  type TakeRequest,
  type Taken,
  type Transition,
} from '@tenon/core';
import type { CallerTransaction, OpenStore, StoreUnderTest } from './store-under-test';

/** An operation as the suite writes it down; what is left out does not matter to the test. */
export interface Draft extends AppendOptions {
  readonly type?: string;
  readonly key?: string | null;
  readonly payload?: unknown;
  readonly traceContext?: string;
}

/** The operation types that the suite's sessions can run, and one that they cannot. */
export const TYPES: TakeRequest['types'] = [
  { type: 'alpha', version: 1 },
  { type: 'beta', version: 3 },
];
export const UNKNOWN_TYPE = 'nobody-runs-this';

const OPERATOR = { actor: 'conformance', role: 'operator', reason: 'a test', detail: null };

/** Long enough that no lease and no hand-over passes by itself while a test runs. */
export const LONG_MS = 3_600_000;

export const FIRST_PAGE: PageRequest = { after: null, limit: 100 };

/** What an operator is said to have done. */
export function auditOf(verb: string, target: string): AuditEntry {
  return { actor: 'ann', role: 'operator', verb, target, reason: 'because', detail: { n: 1 } };
}

/** The store under test with the words in which the suite tells its stories. */
export class Scene<T> {
  readonly store: Store<T, T>;
  private readonly open = new Set<CallerTransaction<T>>();

  constructor(private readonly under: StoreUnderTest<T>) {
    this.store = under.store;
  }

  get outside(): T {
    return this.under.outside;
  }

  async begin(): Promise<CallerTransaction<T>> {
    const caller = await this.under.begin();
    this.open.add(caller);
    return {
      tx: caller.tx,
      nested: (work) => caller.nested(work),
      commit: () => this.end(caller, () => caller.commit()),
      rollback: () => this.end(caller, () => caller.rollback()),
    };
  }

  writeEffect(tx: T, name: string): Promise<void> {
    return this.under.writeEffect(tx, name);
  }

  effects(): Promise<readonly string[]> {
    return this.under.effects();
  }

  passTime(ms: number): Promise<void> {
    return this.under.passTime(ms);
  }

  async pause(type: string): Promise<void> {
    const entry = { ...OPERATOR, verb: 'pause-type', target: type };
    await this.store.operator.pauseType({ type, by: entry.actor, reason: entry.reason }, entry);
  }

  async resume(type: string): Promise<void> {
    await this.store.operator.resumeType(type, { ...OPERATOR, verb: 'resume-type', target: type });
  }

  /** A test that failed half-way may have left transactions open, whose locks would hold up all tests after it. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.open].map((caller) => caller.rollback()));
    await this.under.close();
  }

  private async end(caller: CallerTransaction<T>, how: () => Promise<void>): Promise<void> {
    this.open.delete(caller);
    await how();
  }

  /** Appends in a transaction of its own, which commits. Answers the ids. */
  async append(...drafts: readonly Draft[]): Promise<readonly string[]> {
    return (await this.appendAndAnswer(...drafts)).map(({ id }) => id);
  }

  async appendAndAnswer(...drafts: readonly Draft[]): Promise<readonly AppendedMarker[]> {
    const caller = await this.begin();
    const appended = await this.store.appendMarkers(caller.tx, drafts.map(marker));
    await caller.commit();
    return appended;
  }

  session(sessionMs = LONG_MS, types = TYPES.map(({ type }) => type)): Promise<string> {
    const versions = Object.fromEntries(types.map((type) => [type, [1]]));
    const roles = ['relay', 'worker'] as const;
    return this.store.openSession({ worker: 'conformance', sessionMs, roles, versions });
  }

  takeIn(sessionId: string, request: Partial<TakeRequest> = {}): Promise<Taken> {
    return this.store.takeIn({ ...takeRequest(sessionId), ...request });
  }

  takeDue(sessionId: string, request: Partial<TakeRequest> = {}): Promise<Taken> {
    return this.store.takeDue({ ...takeRequest(sessionId), ...request });
  }

  /** Appends one operation and takes it in: a saga that `sessionId` holds. */
  async hold(sessionId: string, draft: Draft = {}): Promise<HeldSaga> {
    const [id] = await this.append(draft);
    const { held } = await this.takeIn(sessionId);
    const saga = held.find((each) => each.id === id);
    if (saga === undefined) throw new Error('the saga that was just appended was not taken in');
    return saga;
  }

  /** Records, and answers the ids that were recorded. */
  async record(sessionId: string, ...records: readonly SagaRecord[]): Promise<readonly string[]> {
    return [...(await this.store.record(records, sessionId)).recorded].sort(byId);
  }

  /** Behind the end of `ended`: the next of their keys, handed to `sessionId`. */
  release(
    sessionId: string | null,
    ended: readonly { readonly id: string }[],
  ): Promise<readonly HeldSaga[]> {
    return this.store.releaseKeys(idsOf(ended), sessionId, TYPES);
  }

  /** One call of a step that writes `effect` and records `rows`, or rolls back when they are null. */
  step(call: FencedCall, effect: string, rows: readonly Transition[] | null): Promise<StepCommit> {
    return this.store.inStepTransaction(call, new AbortController().signal, async (tx) => {
      await this.writeEffect(tx, effect);
      return rows;
    });
  }

  /** Milliseconds until something that the suite can run is due. */
  nextDueMs(msMax = LONG_MS): Promise<number> {
    return this.store.nextDueMs(TYPES, msMax);
  }

  async find(id: string): Promise<SagaReport> {
    const report = await this.store.findSaga(id);
    if (report === null) throw new Error(`there is no operation ${id}`);
    return report;
  }

  /** One operation in full. */
  async show(id: string): Promise<OperationDetails> {
    const details = await this.store.operator.findOperation(id);
    if (details === null) throw new Error(`there is no operation ${id}`);
    return details;
  }

  /** What operators did, oldest first. */
  audit(): Promise<readonly AuditRow[]> {
    return this.store.operator.listAudit({ ...FIRST_PAGE, oldestFirst: true });
  }

  async statuses(ids: readonly string[]): Promise<readonly string[]> {
    return Promise.all(ids.map(async (id) => (await this.find(id)).markerStatus));
  }
}

/** A scene per test: opened before it, closed after it. */
export function useScene<T>(open: OpenStore<T>): () => Scene<T> {
  let scene: Scene<T> | undefined;
  beforeEach(async () => {
    scene = new Scene(await open());
  });
  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });
  return () => {
    if (scene === undefined) throw new Error('the scene is only there while a test runs');
    return scene;
  };
}

export function marker(draft: Draft): NewMarker {
  const { type = 'alpha', key = null, payload = {}, traceContext = null, ...options } = draft;
  return newMarker({ type, key, payload }, options, traceContext);
}

function takeRequest(sessionId: string): TakeRequest {
  return { limit: 100, inlineMax: 100, sessionId, types: TYPES, requeueMs: LONG_MS };
}

export function idsOf(sagas: readonly { readonly id: string }[]): readonly string[] {
  return sagas.map(({ id }) => id).sort(byId);
}

/** Ids are numbers in text; markers that were appended later have greater ones. */
export function byId(a: string, b: string): number {
  return Number(BigInt(a) - BigInt(b));
}
