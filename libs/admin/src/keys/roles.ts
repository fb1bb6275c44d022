import type { OperatorRole } from '@tenon/core';

/** Lowest first: each may do what those before it may. */
export const OPERATOR_ROLES = [
  'viewer',
  'operator',
  'admin',
] as const satisfies readonly OperatorRole[];

export function allows(role: OperatorRole, needed: OperatorRole): boolean {
  return OPERATOR_ROLES.indexOf(role) >= OPERATOR_ROLES.indexOf(needed);
}
