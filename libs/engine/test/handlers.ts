import type {
  ExternalContext,
  HandlerClass,
  InputParser,
  RetryPolicy,
  TransactionalContext,
} from '@tenon/core';
import { fixed } from '@tenon/core';

/** What the sagas of these tests are started with. */
export interface Work {
  readonly key?: string;
  readonly name?: string;
}

/** Takes an object, and refuses anything else, as a schema would. */
export const work: InputParser<Work> = {
  parse(payload) {
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
      throw new Error('expected an object');
    return payload;
  },
};

export const keyOfWork = (input: Work): string | null => input.key ?? null;

/** A handler class that consists of `methods`, so that a test can say on the spot what its handlers do. */
export function handler<Methods extends object>(methods: Methods): HandlerClass<Methods> {
  function Handler(): Methods {
    return methods;
  }
  return Handler as unknown as HandlerClass<Methods>;
}

/** Makes a handler of its class, where there is no container that would. */
export function make(handlerClass: HandlerClass): object {
  return new (handlerClass as unknown as new () => object)();
}

/** Writes a row that tells that a handler was carried out. The table has no unique key: what happens twice shows. */
export async function effect(
  ctx: TransactionalContext<Work>,
  phase: string,
  tx: TransactionalContext['tx'] = ctx.tx,
): Promise<void> {
  await tx.query(
    `INSERT INTO effect (saga_id, op_key, name) VALUES (${ctx.saga.id}, '${ctx.saga.key ?? ''}', '${phase} ${ctx.step}')`,
  );
}

/** An action that writes its effect and has it undone. */
export const writes = handler({
  action: async (ctx: TransactionalContext<Work>): Promise<void> => effect(ctx, 'action'),
  compensate: async (ctx: TransactionalContext<Work>): Promise<void> => effect(ctx, 'compensate'),
});

/** A TCC branch that writes an effect in every phase. */
export const reserves = handler({
  try: async (ctx: TransactionalContext<Work>): Promise<void> => effect(ctx, 'try'),
  confirm: async (ctx: TransactionalContext<Work>): Promise<void> => effect(ctx, 'confirm'),
  cancel: async (ctx: TransactionalContext<Work>): Promise<void> => effect(ctx, 'cancel'),
});

/** An external action that does nothing. */
export const nothing = handler({
  action: async (_ctx: ExternalContext<Work>): Promise<void> => undefined,
});

/** Attempts without a wait worth mentioning. */
export const attempts = (count: number): RetryPolicy => fixed({ attempts: count, delayMs: 1 });
