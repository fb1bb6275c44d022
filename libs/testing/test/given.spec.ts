// Goal: a product owner can read what a saga does, and a wrong story fails where it goes wrong, saying what comes instead.
// Method: stories of one transfer, true and false ones.
import { fixed, saga, type TccHandler, type ActionHandler } from '@tenon/core';
import { given } from '@tenon/testing';

interface Order {
  readonly amount: string;
}
interface Reservation {
  readonly id: string;
}
abstract class Debit implements TccHandler<Order, Reservation> {
  abstract try(): Promise<Reservation>;
  abstract confirm(): Promise<void>;
  abstract cancel(): Promise<void>;
}
abstract class Credit implements TccHandler<Order> {
  abstract try(): Promise<void>;
  abstract confirm(): Promise<void>;
  abstract cancel(): Promise<void>;
}
abstract class Advise implements ActionHandler<Order> {
  abstract action(): Promise<void>;
}

const retry = fixed({ attempts: 2, delayMs: 10 });
const transfer = saga('transfer', {
  version: 1,
  input: {
    parse: (payload): Order => {
      const { amount } = payload as Partial<Order>;
      if (amount === undefined) throw new Error('amount is missing');
      return { amount };
    },
  },
})
  .tcc('debit', Debit, { retry })
  .tcc('credit', Credit, { retry })
  .step('advise', Advise, { retry });
const order: Order = { amount: '10.00' };
const reservation: Reservation = { id: '7' };

describe('given', () => {
  it('releases the money when the bank is closed', () => {
    given(transfer, order)
      .expectTry('debit')
      .succeeds(reservation)
      .expectTry('credit')
      .refuses('bank closed')
      .expectCancel('debit')
      .succeeds()
      .expectSaga('compensated', 'bank closed');
  });

  it('books the money when all goes well', () => {
    given(transfer, order)
      .expectTry('debit')
      .succeeds(reservation)
      .expectTry('credit')
      .succeeds()
      .expectConfirm('debit')
      .succeeds()
      .expectConfirm('credit')
      .succeeds()
      .expectAction('advise')
      .succeeds()
      .expectSaga('completed');
  });

  it('tells of attempts, final failures and pauses', () => {
    given(transfer, order)
      .expectTry('debit')
      .fails()
      .expectTry('debit')
      .succeeds(reservation)
      .expectTry('credit')
      .failsForGood('no such bank')
      .expectCancel('credit')
      .succeeds()
      .expectCancel('debit')
      .fails('locked')
      .expectCancel('debit')
      .fails('locked')
      .expectSaga('paused', 'cancel of debit: Error: locked');
  });

  it('says what comes instead, and what came before', () => {
    const told = given(transfer, order).expectTry('debit').succeeds(reservation);
    expect(() => told.expectConfirm('debit')).toThrow(
      'Expected confirm of debit, but try of credit comes next.\nSo far: try of debit succeeded.',
    );
    expect(() => told.expectSaga('completed')).toThrow(
      'Expected the saga to be completed, but try',
    );
    const ended = given(transfer, order).expectTry('debit').refuses('no money');
    expect(() => ended.expectCancel('debit')).toThrow('but the saga is compensated');
    expect(() => ended.expectSaga('compensated', 'bank closed')).toThrow(
      'the reason is "no money"',
    );
    expect(() => given(transfer, order).expectTry('credit')).toThrow('So far: nothing yet.');
  });

  it('refuses an input that the saga would refuse, and a result that cannot be stored', () => {
    expect(() => given(transfer, {} as Order)).toThrow('amount is missing');
    const call = given(transfer, order).expectTry('debit');
    expect(() => call.succeeds({ id: '\0' })).toThrow('a NUL character');
  });

  it('knows the names of the steps and the types of their results', () => {
    const wrong = (): unknown => [
      // @ts-expect-error -- there is no such step
      given(transfer, order).expectTry('deposit'),
      // @ts-expect-error -- the result of this step is a reservation
      given(transfer, order).expectTry('debit').succeeds({ amount: '1' }),
      // @ts-expect-error -- and it is needed
      given(transfer, order).expectTry('debit').succeeds(),
      // @ts-expect-error -- another input
      given(transfer, { iban: 'X' }),
    ];
    expect(typeof wrong).toBe('function');
  });
});
