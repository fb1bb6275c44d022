import type { Outcome } from './census';

/** What is not as it must be, in words; an empty list when every transfer ended and no money was lost or made. */
export function faultsOf(outcome: Outcome): readonly string[] {
  const { open, paused, sagasAmiss, entriesAmiss, accountsAmiss } = outcome;
  const owned = cents(outcome.balancesTotal) + cents(outcome.bookedTotal);
  const faults: string[] = [];
  if (open > 0) faults.push(`${open} transfers have not ended`);
  if (paused > 0) faults.push(`${paused} transfers are paused: a person must look`);
  if (owned !== cents(outcome.openingTotal)) {
    faults.push(
      `the balances and what the banks booked make ${money(owned)}, the accounts began with ${outcome.openingTotal}`,
    );
  }
  if (cents(outcome.reservedTotal) !== 0n)
    faults.push(`${outcome.reservedTotal} are still reserved`);
  if (sagasAmiss > 0)
    faults.push(`${sagasAmiss} sagas lack their ledger entry, or have one too many`);
  if (entriesAmiss > 0) faults.push(`${entriesAmiss} ledger entries belong to no completed saga`);
  if (accountsAmiss > 0) faults.push(`${accountsAmiss} accounts do not agree with the ledger`);
  return faults;
}

/** Money in whole cents, from the decimal text of a database. */
export function cents(text: string): bigint {
  const [, sign = '', whole = '0', decimals = ''] =
    /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(text) ?? [];
  const sum = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0'));
  return sign === '-' ? -sum : sum;
}

/** Whole cents as decimal text. */
export function money(sum: bigint): string {
  const digits = String(sum < 0n ? -sum : sum).padStart(3, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
