// Goal: a saga whose handlers do not fit together does not compile.
// Method: the compiler itself: each line under a `@ts-expect-error` must be an error, or the type check fails.
import type { ExternalContext, TransactionalContext, WithOutput } from './context';
import type { ActionHandler, ExternalActionHandler, TccHandler } from './handler';
import type { Refusal } from './outcome';
import { saga } from './saga';

interface Order {
  readonly id: string;
}
interface Reservation {
  readonly reservationId: string;
}

/** Reserves; needs nothing. */
abstract class Debit implements TccHandler<Order, Reservation> {
  abstract try(ctx: TransactionalContext<Order>): Promise<Reservation | Refusal>;
  abstract confirm(ctx: WithOutput<TransactionalContext<Order>, Reservation>): Promise<void>;
  abstract cancel(
    ctx: WithOutput<TransactionalContext<Order>, Reservation | undefined>,
  ): Promise<void>;
}

/** Needs what `debit` returned. */
abstract class Advise implements ActionHandler<Order, void, { debit: Reservation }> {
  abstract action(ctx: TransactionalContext<Order, { debit: Reservation }>): Promise<void>;
}

/** Works for any input, needs nothing and writes nothing. */
abstract class Log implements ExternalActionHandler<unknown> {
  abstract action(ctx: ExternalContext): Promise<void>;
}

/** Uses `ctx.tx`. */
abstract class Write implements ActionHandler<Order> {
  abstract action(ctx: TransactionalContext<Order>): Promise<void>;
}

/** Works on another input. */
abstract class Mail implements ActionHandler<{ readonly address: string }> {
  abstract action(ctx: TransactionalContext<{ readonly address: string }>): Promise<void>;
}

/** Confirms something other than it tried. */
abstract class Muddled {
  abstract try(ctx: TransactionalContext<Order>): Promise<Reservation>;
  abstract confirm(ctx: WithOutput<TransactionalContext<Order>, { other: string }>): Promise<void>;
  abstract cancel(ctx: TransactionalContext<Order>): Promise<void>;
}

/** Believes that its output is always known when it is undone. */
abstract class Careless {
  abstract action(ctx: TransactionalContext<Order>): Promise<Reservation>;
  abstract compensate(ctx: WithOutput<TransactionalContext<Order>, Reservation>): Promise<void>;
}

const order = saga('order', {
  version: 1,
  input: { parse: (payload): Order => payload as Order },
  key: ({ id }) => id,
});

/** Never called: only compiled. */
export function right(): unknown {
  const whole = order
    .step('log', Log)
    .tcc('debit', Debit)
    .step('advise', Advise)
    .step('log-too', Log, { mode: 'external' })
    .step('write', Write);
  // A handler is checked against the steps before it, not behind it.
  return [whole, order.tcc('debit', Debit).step('advise', Advise)];
}

/** Never called: only compiled. */
export function wrong(): unknown {
  return [
    // @ts-expect-error -- nothing named "debit" comes before
    order.step('advise', Advise),
    // @ts-expect-error -- the result it needs has another name
    order.tcc('credit', Debit).step('advise', Advise),
    // @ts-expect-error -- the result it needs has another type
    order.step('debit', Log).step('advise', Advise),
    // @ts-expect-error -- it comes too early
    order.step('advise', Advise).tcc('debit', Debit),
    // @ts-expect-error -- two steps of one name
    order.step('log', Log).step('log', Log),
    // @ts-expect-error -- two steps of one name, of different kinds
    order.tcc('debit', Debit).step('debit', Log),
    // @ts-expect-error -- an external step has no transaction
    order.step('write', Write, { mode: 'external' }),
    // @ts-expect-error -- neither has an external branch
    order.tcc('debit', Debit, { mode: 'external' }),
    // @ts-expect-error -- another input
    order.step('mail', Mail),
    // @ts-expect-error -- a branch must be able to confirm and cancel
    order.tcc('advise', Log),
    // @ts-expect-error -- a branch is no action
    order.step('debit', Debit),
    // @ts-expect-error -- confirm is given what try returned
    order.tcc('muddled', Muddled),
    // @ts-expect-error -- what an action did may be unknown when it is undone
    order.step('careless', Careless),
    // @ts-expect-error -- a class, not an instance
    order.step('log', { action: async () => undefined }),
    // @ts-expect-error -- a mode that there is not
    order.step('log', Log, { mode: 'remote' }),
    // @ts-expect-error -- a key is a text
    saga('order', { version: 1, input: { parse: (): Order => ({ id: '1' }) }, key: () => 7 }),
    // @ts-expect-error -- without input there is no typed payload
    saga('order', { version: 1 }),
  ];
}

describe('the types of a saga', () => {
  it('are checked by the compiler, with this file', () => {
    expect([right.name, wrong.name]).toEqual(['right', 'wrong']);
  });
});
