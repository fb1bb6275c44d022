/**
 * The parameter `:amount` in SQL, as the exact decimal that it is. The cast matters on MySQL and MariaDB, where text in
 * a sum would silently become floating point.
 */
export const AMOUNT = 'CAST(:amount AS DECIMAL(18,2))';

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
