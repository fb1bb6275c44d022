import {
  DuplicateError,
  UsageError,
  inputFault,
  newMarker,
  type AppendOptions,
  type AppendedMarker,
  type BlockedKey,
  type CallerTx,
  type Dispatcher,
  type FaultPoints,
  type NewMarker,
  type Operation,
  type SagaDefinition,
  type SagaReport,
  type Store,
} from '@tenon/core';
import type { Clock } from './clock/clock';

/** What an append answers: the operation's id, and whether an earlier append had made it. */
export type Started = AppendedMarker;

/** What the client works on. */
export interface ClientContext {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly faults: FaultPoints;
  readonly hints: boolean;
  readonly clock: Pick<Clock, 'date'>;
  /** Tells this process's own relay, if it has one, that there is work after this many milliseconds. */
  readonly nudge: (delayMs: number) => void;
}

/**
 * WRITE: how an application hands its operations to Tenon, inside its own transaction. If that transaction commits the
 * operation will happen; if it rolls back, nothing did.
 *
 * `tx` is the caller's `EntityManager` or `QueryRunner`, with a transaction open on it; the ambient one of
 * `@nestjs-cls/transactional` is `txHost.tx`. Nothing is committed or retried here.
 */
export class TenonClient {
  constructor(private readonly context: ClientContext) {}

  /**
   * Starts a saga with `input`. The id that is answered is the saga's, and is known before the commit.
   *
   * @example
   * await dataSource.transaction(async (tx) => {
   *   await tx.save(order);
   *   await tenon.start(tx, transfer, order, { idempotencyKey: order.id });
   * });
   * @throws UsageError `TENON_NOT_IN_TRANSACTION`, `TENON_INVALID_INPUT`, `TENON_PAYLOAD_TOO_LARGE`
   * @throws DuplicateError with `onDuplicate: 'reject'`
   */
  async start<Input>(
    tx: CallerTx,
    saga: SagaDefinition<Input>,
    input: Input,
    options: AppendOptions = {},
  ): Promise<Started> {
    return this.append(tx, operationOf(saga, input), options);
  }

  /** Starts one saga per input, in one statement. The answers are in the order of the inputs. */
  async startMany<Input>(
    tx: CallerTx,
    saga: SagaDefinition<Input>,
    inputs: readonly Input[],
    optionsOf: (input: Input) => AppendOptions = () => ({}),
  ): Promise<readonly Started[]> {
    return this.appendAll(
      tx,
      inputs.map((input) => ({ operation: operationOf(saga, input), options: optionsOf(input) })),
    );
  }

  /** Appends an operation by its type's name, for callers that do not have the saga's definition. */
  async append(tx: CallerTx, operation: Operation, options: AppendOptions = {}): Promise<Started> {
    const [started] = await this.appendAll(tx, [{ operation, options }]);
    if (started === undefined) throw new UsageError('TENON_USAGE', 'The store answered no id.');
    return started;
  }

  /** What is known of an operation: its marker, state and history; null when there is none with this id. */
  async find(id: string): Promise<SagaReport | null> {
    return this.context.store.findSaga(id);
  }

  /** Keys whose first operation does not get on while others wait behind it; the longest queues first. */
  async blockedKeys(options: { readonly limit?: number } = {}): Promise<readonly BlockedKey[]> {
    return this.context.store.blockedKeys(options.limit ?? 100);
  }

  private async appendAll(
    tx: CallerTx,
    drafts: readonly { readonly operation: Operation; readonly options: AppendOptions }[],
  ): Promise<readonly Started[]> {
    if (drafts.length === 0) return [];
    const { store, faults } = this.context;
    const markers = drafts.map(({ operation, options }) => newMarker(operation, options));
    const appended = await store.appendMarkers(tx, markers);
    appended.forEach(({ id, isDuplicate }, index) => {
      const draft = drafts[index];
      if (isDuplicate && draft?.options.onDuplicate === 'reject') {
        const key = draft.options.idempotencyKey ?? '';
        throw new DuplicateError(
          id,
          `"${draft.operation.type}" with the idempotency key "${key}" is operation ${id} already.`,
        );
      }
    });
    await faults.hit('append.after');
    const delayMs = Math.min(...markers.map((marker) => this.delayOf(marker)));
    if (appended.some((each) => !each.isDuplicate))
      store.afterCommit(tx, () => this.announce(delayMs));
    return appended;
  }

  /** As far as this process can tell: when its clock is behind the database's, the poll finds what is due. */
  private delayOf({ delayMs, dueAt }: NewMarker): number {
    if (dueAt === null) return delayMs;
    return Math.max(0, dueAt.getTime() - this.context.clock.date().getTime());
  }

  private announce(delayMs: number): void {
    const { hints, nudge, dispatcher } = this.context;
    if (!hints) return;
    nudge(delayMs);
    if (delayMs === 0) dispatcher.wake();
  }
}

function operationOf<Input>(saga: SagaDefinition<Input>, input: Input): Operation {
  try {
    return { type: saga.type, key: saga.keyOf(saga.input.parse(input)), payload: input };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      'TENON_INVALID_INPUT',
      `The input of saga "${saga.type}" is not valid: ${inputFault(error)}`,
      { cause: error },
    );
  }
}
