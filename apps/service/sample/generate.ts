import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes the sample that the demo runs on when it is given no files, in the format of the PKDD'99 data set. Always the
 * same text: `node -r ./tooling/register.cjs apps/service/sample/generate.ts`.
 */
export function sampleFiles(): { readonly accounts: string; readonly orders: string } {
  const random = chance(20_260_101);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const accounts: string[] = ['"account_id";"district_id";"frequency";"date"'];
  const orders: string[] = ['"order_id";"account_id";"bank_to";"account_to";"amount";"k_symbol"'];
  let order = ORDER_ID_MIN;
  for (let index = 0; index < ACCOUNT_COUNT; index += 1) {
    const account = String(ACCOUNT_ID_MIN + index);
    const district = String(1 + Math.floor(random() * 77));
    const date = String(930_101 + Math.floor(random() * 28));
    accounts.push([account, district, quoted(pick(FREQUENCIES)), date].join(';'));
    const count = 1 + Math.floor(random() * 5);
    for (let nth = 0; nth < count; nth += 1) {
      const receiver = String(10_000_000 + Math.floor(random() * 90_000_000));
      // In whole cents, so that no amount is ever a fraction of one.
      const cents = 10_000 + Math.floor(random() * random() * 1_200_000);
      const amount = `${String(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`;
      const texts = [quoted(pick(BANKS)), quoted(receiver), amount, quoted(pick(SYMBOLS))];
      orders.push([String(order), account, ...texts].join(';'));
      order += 1;
    }
  }
  return { accounts: `${accounts.join('\n')}\n`, orders: `${orders.join('\n')}\n` };
}

const ACCOUNT_COUNT = 150;
// Beyond those of the real data set, so that both fit into one database.
const ACCOUNT_ID_MIN = 100_001;
const ORDER_ID_MIN = 500_001;
const BANKS = 'AB CD EF GH IJ KL MN OP QR ST UV WX YZ'.split(' ');
const FREQUENCIES = ['POPLATEK MESICNE', 'POPLATEK TYDNE', 'POPLATEK PO OBRATU'];
const SYMBOLS = ['SIPO', 'UVER', 'POJISTNE', 'LEASING', ' '];

function quoted(text: string): string {
  return `"${text}"`;
}

/** Numbers in 0..1 that are the same in every run: a linear congruential generator (Numerical Recipes' constants). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

if (require.main === module) {
  const { accounts, orders } = sampleFiles();
  writeFileSync(join(__dirname, 'account.asc'), accounts);
  writeFileSync(join(__dirname, 'order.asc'), orders);
}
