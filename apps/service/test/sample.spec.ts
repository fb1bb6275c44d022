import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleFiles } from '../sample/generate';
import { oracle } from './oracle';

const SAMPLE = join(__dirname, '../sample');
const files = { accounts: join(SAMPLE, 'account.asc'), orders: join(SAMPLE, 'order.asc') };

describe('the shipped sample', () => {
  it('is what its generator writes', () => {
    const { accounts, orders } = sampleFiles();
    expect(readFileSync(files.accounts, 'utf8')).toBe(accounts);
    expect(readFileSync(files.orders, 'utf8')).toBe(orders);
  });

  it('holds every outcome when the bank QR is closed', () => {
    expect(oracle(files, '10000.00', ['QR'])).toEqual({
      orders: 457,
      completed: 337,
      compensated: { insufficient_funds: 97, bank_closed: 23 },
      balances_total: '629249.13',
      booked_total: '870750.87',
    });
  });
});
