import {
  killUnknown,
  operate,
  replay,
  type OperationDetails,
  type Operated,
  type Order,
  type Progress,
  type SagaDefinition,
} from '@tenon/core';

/** `seq`: the number of the last transition that the operator has seen. */
export type SeenOrder = Order & { readonly seq?: number };

/** What becomes of an order to a saga. `definition` is null where this process does not know it. Pure. */
export function decideOrder(
  details: OperationDetails,
  definition: SagaDefinition | null,
  order: SeenOrder,
): Operated {
  const { history, holder, saga } = details;
  const seq = history.at(-1)?.seq ?? 0;
  if (order.seq !== undefined && order.seq !== seq) {
    const isSecondClick = history[order.seq]?.verb === order.verb;
    const because = `it has moved on: its last transition is ${seq}, not ${order.seq}`;
    return { kind: isSecondClick ? 'unchanged' : 'refused', because };
  }
  const progress = definition === null ? null : progressOf(definition, details);
  if (definition === null || progress === null) {
    const known = { state: history.at(-1)?.to ?? saga?.state ?? 'ready', seq } as const;
    return killUnknown(known, history, order);
  }
  const isWaiting = holder === null && (saga?.dueInMs ?? 0) > 0;
  return operate({ definition, progress, history, isWaiting }, order);
}

/** Null: the history does not fit the definition. */
export function progressOf(
  definition: SagaDefinition,
  { history }: OperationDetails,
): Progress | null {
  try {
    return replay(definition, history);
  } catch {
    return null;
  }
}
