import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The account that a server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account for servers started by root; `undefined` when we are not root, and servers simply run as we do.
 *
 * PostgreSQL refuses to run as root and the others should not. 65534 is `nobody`: it needs no user to be created,
 * and PostgreSQL looks its name up, so an arbitrary free number would not do.
 */
export function serverAccount(): Account | undefined {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
}

/** Whether `account` can walk down to `path` (an absolute path without links) and read it. */
export async function canReach(path: string, account: Account | undefined): Promise<boolean> {
  if (!account) return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!(await isAllowed(folder, account, 0o1))) return false;
    if (folder === dirname(folder)) break;
  }
  return isAllowed(path, account, 0o1);
}

async function isAllowed(path: string, account: Account, permission: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & permission) === permission;
}
