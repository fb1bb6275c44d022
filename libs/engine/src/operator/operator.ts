import {
  ConflictError,
  NotFoundError,
  UsageError,
  explain,
  type AuditEntry,
  type Dispatcher,
  type Finding,
  type Json,
  type OperationDetails,
  type OperatorStore,
  type Order,
  type SagaDefinition,
  type SagaState,
  type Store,
} from '@tenon/core';
import type { Clock } from '../clock/clock';
import type { SagaRegistry } from '../registry';
import { decideOrder, progressOf, type SeenOrder } from './decide-order';
import { factsOf } from './facts-of';

/** Who gives an order. */
export interface Actor {
  /** The name of a key, or of a person. */
  readonly name: string;
  readonly role: string;
}

/** `changed` is false for a second click: everything was as ordered already. */
export interface OrderAnswer {
  readonly id: string;
  readonly state: SagaState | null;
  readonly changed: boolean;
  /** Why nothing was changed; null when something was. */
  readonly because: string | null;
}

export interface Explanation {
  readonly id: string;
  readonly state: SagaState | null;
  readonly markerStatus: string;
  /** The reason that matters most first. Never empty. */
  readonly findings: readonly Finding[];
}

/** A saga that is ordered about while it moves is looked at again so often. */
const LOOKS_MAX = 5;
const SESSIONS_MAX = 500;
/** The queue is asked for a sign of life for no longer than this, in milliseconds. */
const QUEUE_ANSWER_MS_MAX = 250;
export const REASON_LENGTH_MAX = 1_000;

interface Dependencies {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly registry: SagaRegistry;
  readonly clock: Clock;
  /** Work was made due. */
  readonly nudge: () => void;
}

/**
 * What operators do to operations, and why these are where they are. Every verb is idempotent, is written to the audit log
 * in its own transaction, and is refused with the reason where the state does not allow it.
 */
export class Operator {
  constructor(private readonly deps: Dependencies) {}

  /** Lists, keys, the audit log: what needs no decision. */
  get store(): OperatorStore {
    return this.deps.store.operator;
  }

  /** @throws NotFoundError */
  async show(id: string): Promise<OperationDetails> {
    const details = await this.store.findOperation(id);
    if (details === null) throw new NotFoundError(`There is no operation ${shown(id)}.`);
    return details;
  }

  /** @throws NotFoundError */
  async explain(id: string): Promise<Explanation> {
    const [details, sessions, queue] = await Promise.all([
      this.show(id),
      this.store.listSessions({ after: null, limit: SESSIONS_MAX }),
      this.queueState(),
    ]);
    const definition = this.definitionOf(details);
    const progress = definition === null ? null : progressOf(definition, details);
    const facts = factsOf(details, { definition, progress, sessions, queue });
    return {
      id,
      state: facts.saga?.state ?? null,
      markerStatus: facts.markerStatus,
      findings: explain(facts),
    };
  }

  /**
   * Carries out a verb on a saga. `seq`: the number of the last transition that the operator has seen; the order is refused
   * when more has happened since.
   *
   * @throws NotFoundError
   * @throws ConflictError when its state does not allow the verb, with the reason
   */
  async order(id: string, order: SeenOrder, actor: Actor): Promise<OrderAnswer> {
    const reason = checkedReason(order.reason);
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      const details = await this.show(id);
      const answer =
        details.saga === null
          ? await this.withdraw(details, { ...order, reason }, actor)
          : await this.orderSaga(details, { ...order, reason }, actor);
      if (answer !== 'look again') return answer;
    }
    throw new ConflictError(`Saga ${id} moves on faster than it can be ordered about. Try again.`);
  }

  /** A dead marker is carried out after all. Answers the id under which it is: a copy's where a saga had been made of it. */
  async redrive(id: string, reason: string, actor: Actor): Promise<OrderAnswer> {
    const entry = auditOf('redrive', id, checkedReason(reason), actor, null);
    const redriven = await this.store.redrive(id, entry);
    if (redriven === null) return this.notDead(id, ['pending', 'parked', 'taken']);
    this.deps.nudge();
    return { id: redriven, state: null, changed: true, because: null };
  }

  async discard(id: string, reason: string, actor: Actor): Promise<OrderAnswer> {
    const why = checkedReason(reason);
    if (await this.store.discard(id, why, auditOf('discard', id, why, actor, null)))
      return { id, state: null, changed: true, because: null };
    return this.notDead(id, ['done']);
  }

  /** Nothing of the type is taken in or adopted any more; what is being run goes on to its end or its next wait. */
  async pauseType(type: string, reason: string, actor: Actor): Promise<boolean> {
    const why = checkedReason(reason);
    const entry = auditOf('pause-type', checkedType(type), why, actor, null);
    return this.store.pauseType({ type, by: actor.name, reason: why }, entry);
  }

  async resumeType(type: string, reason: string, actor: Actor): Promise<boolean> {
    const entry = auditOf('resume-type', checkedType(type), checkedReason(reason), actor, null);
    const changed = await this.store.resumeType(type, entry);
    if (changed) this.deps.nudge();
    return changed;
  }

  private async orderSaga(
    details: OperationDetails,
    order: SeenOrder,
    actor: Actor,
  ): Promise<OrderAnswer | 'look again'> {
    const { id, history, saga } = details;
    const operated = decideOrder(details, this.definitionOf(details), order);
    switch (operated.kind) {
      case 'unchanged': {
        const state = history.at(-1)?.to ?? saga?.state ?? null;
        return { id, state, changed: false, because: operated.because };
      }
      case 'refused':
        throw new ConflictError(`${order.verb} of saga ${id}: ${operated.because}`);
      case 'row': {
        const { row, exit } = operated;
        const { from, to, seq } = row;
        const entry = auditOf(order.verb, id, order.reason, actor, { from, to, seq });
        if (!(await this.store.operate(id, row, exit, entry))) return 'look again';
        this.deps.nudge();
        return { id, state: to, changed: true, because: null };
      }
    }
  }

  /** Nothing was begun yet: cancelled and killed come to the same, and can be redriven. */
  private async withdraw(
    { id, marker }: OperationDetails,
    { verb, reason }: Order,
    actor: Actor,
  ): Promise<OrderAnswer | 'look again'> {
    if (verb !== 'cancel' && verb !== 'kill')
      throw new ConflictError(
        `${verb} of operation ${id}: it has not been taken in yet (${marker.status}).`,
      );
    if (marker.status === 'dead' || marker.status === 'done')
      return { id, state: null, changed: false, because: `it is ${marker.status} already` };
    const entry = auditOf(verb, id, reason, actor, { from: marker.status, to: 'dead' });
    const done = await this.store.withdraw(id, `TENON_CANCELLED: ${reason}`, entry);
    return done ? { id, state: null, changed: true, because: null } : 'look again';
  }

  private async notDead(id: string, asOrdered: readonly string[]): Promise<OrderAnswer> {
    const { marker, saga } = await this.show(id);
    if (asOrdered.includes(marker.status))
      return {
        id,
        state: saga?.state ?? null,
        changed: false,
        because: `it is ${marker.status} already`,
      };
    throw new ConflictError(`Operation ${id} is ${marker.status}, not dead.`);
  }

  private definitionOf({ marker, saga }: OperationDetails): SagaDefinition | null {
    return saga === null
      ? null
      : (this.deps.registry.definition(marker.type, saga.version) ?? null);
  }

  private async queueState(): Promise<'answers' | 'is down'> {
    const { dispatcher, clock } = this.deps;
    const patience = new AbortController();
    const late = clock.sleep(QUEUE_ANSWER_MS_MAX, patience.signal).then(() => 'is down' as const);
    const asked = dispatcher.waitingChunks().then(
      () => 'answers' as const,
      () => 'is down' as const,
    );
    return Promise.race([asked, late]).finally(() => patience.abort());
  }
}

function auditOf(
  verb: string,
  target: string,
  reason: string | null,
  actor: Actor,
  detail: Json,
): AuditEntry {
  return { actor: actor.name, role: actor.role, verb, target, reason, detail };
}

function checkedReason(reason: string): string {
  const trimmed = reason.trim();
  if (trimmed.length === 0 || trimmed.length > REASON_LENGTH_MAX || trimmed.includes('\0'))
    throw new UsageError(
      'TENON_USAGE',
      `Give a reason of 1 to ${REASON_LENGTH_MAX} characters: it stands in the history and in the audit log.`,
    );
  return trimmed;
}

function checkedType(type: string): string {
  if (!/^[^\0]{1,100}$/u.test(type))
    throw new UsageError('TENON_USAGE', 'A saga type has 1 to 100 characters.');
  return type;
}

function shown(id: string): string {
  return id.length > 40 ? `${id.slice(0, 40)}…` : id;
}
