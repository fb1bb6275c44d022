/**
 * The parameter `:amount` in SQL, as the exact decimal that it is. The cast matters on MySQL and MariaDB, where text in
 * a sum would silently become floating point.
 */
export const AMOUNT = 'CAST(:amount AS DECIMAL(18,2))';
