import { readFileSync } from 'node:fs';

/** What must come out of a run, in the words of the demo's report. */
export interface Expected {
  readonly orders: number;
  readonly completed: number;
  readonly compensated: { readonly insufficient_funds: number; readonly bank_closed: number };
  readonly balances_total: string;
  readonly booked_total: string;
}

/**
 * Works out by plain arithmetic what payment orders must lead to: order by order, in whole cents. It shares no code with
 * the saga, the parser or the report, on purpose.
 */
export function oracle(
  files: { readonly accounts: string; readonly orders: string },
  openingBalance = '10000.00',
  closedBanks: readonly string[] = [],
): Expected {
  const balances = new Map<string, bigint>();
  for (const [account] of rows(files.accounts)) balances.set(account ?? '', cents(openingBalance));

  const orders = rows(files.orders).sort((a, b) => Number(a[0]) - Number(b[0]));
  let completed = 0;
  let tooPoor = 0;
  let closed = 0;
  let booked = 0n;
  for (const [, account = '', bank = '', , amount = ''] of orders) {
    const balance = balances.get(account) ?? 0n;
    if (balance < cents(amount)) tooPoor += 1;
    else if (closedBanks.includes(bank)) closed += 1;
    else {
      completed += 1;
      booked += cents(amount);
      balances.set(account, balance - cents(amount));
    }
  }
  return {
    orders: orders.length,
    completed,
    compensated: { insufficient_funds: tooPoor, bank_closed: closed },
    balances_total: money([...balances.values()].reduce((sum, balance) => sum + balance, 0n)),
    booked_total: money(booked),
  };
}

function rows(file: string): string[][] {
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => line.split(';').map((field) => field.replaceAll('"', '')));
}

function cents(text: string): bigint {
  const [whole = '0', decimals = ''] = text.split('.');
  return BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0'));
}

function money(sum: bigint): string {
  return `${String(sum / 100n)}.${String(sum % 100n).padStart(2, '0')}`;
}
