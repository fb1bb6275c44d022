import { Transfer, transferFault } from '../src/transfers/transfer';

const order = {
  orderId: '1',
  accountId: '576',
  bankTo: 'YZ',
  accountTo: '87144583',
  amount: '2452.00',
};

describe('Transfer', () => {
  it.each(['0.01', '1', '1.5', '0100.00', '9999999999999999.99'])(
    'takes the amount %s',
    (amount) => {
      expect(Transfer.parse({ ...order, amount })).toEqual({ ...order, amount });
    },
  );

  it.each<[string, unknown, string]>([
    ['a number', 100, 'the amount must be text such as "100.00"'],
    ['nothing', undefined, 'the amount must be text such as "100.00"'],
    ['an empty text', '', 'the amount "" is not a decimal number such as 100.00'],
    ['a sign', '+5', 'the amount "+5" is not a decimal number such as 100.00'],
    ['a space', ' 5', 'the amount " 5" is not a decimal number such as 100.00'],
    ['minus zero', '-0', 'the amount "-0" is not more than zero'],
    ['NaN', 'NaN', 'the amount "NaN" is not a decimal number such as 100.00'],
    [
      '17 digits',
      '1'.repeat(17),
      `the amount "${'1'.repeat(17)}" is too large; 16 digits before the point are the limit`,
    ],
  ])('refuses %s as an amount', (_name, amount, fault) => {
    expect(transferFault({ ...order, amount })).toBe(fault);
  });

  it('names every fault at once', () => {
    expect(transferFault({ ...order, accountId: '', bankTo: 7 })).toBe(
      'the account id is empty; the bank id must be text',
    );
  });

  it('drops what it does not know', () => {
    expect(Transfer.parse({ ...order, k_symbol: 'SIPO' })).toEqual(order);
  });
});
