import type { Outcome } from '../transfers/census';
import { cents, money } from '../transfers/money';

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
