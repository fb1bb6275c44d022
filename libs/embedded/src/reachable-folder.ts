import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type Account, canReach } from './account';
import { DataDirError, hasCode } from './errors';
import { pathExists } from './path-exists';

/** In a folder that the servers' account cannot reach: the link to the folder that stands in for it. */
const STAND_IN = 'elsewhere';
/** In that one: the path of the folder that it stands in for. */
const ORIGINAL = 'stands-in-for';
/** A stand-in younger than this may not have its link yet. */
const ABANDONED_MS_MIN = 600_000;

/**
 * Makes sure that the folder `path` exists, and returns the folder to use in its place: itself, or, when `account`
 * cannot walk down to it, a folder that stands in for it.
 *
 * A checkout of root under `/root` (mode 0700) is the usual case. No permission of a folder that is not ours is
 * widened for it: the stand-in lives where everyone may walk, and a link in `path` leads to it, so that a later
 * start finds the same data.
 */
export async function reachableFolder(path: string, account?: Account): Promise<string> {
  const created = await mkdir(path, { recursive: true });
  const folder = await realpath(path);
  if (!account) return folder;
  // Only a folder that we made or that nobody uses yet gets its own permissions changed.
  if (created !== undefined || (await readdir(folder)).length === 0) await chmod(folder, 0o711);
  return (await canReach(folder, account)) ? folder : standIn(folder, account);
}

/** Removes the folder `path` with everything in it, and the folder that stands in for it, if there is one. */
export async function removeFolder(path: string): Promise<void> {
  const target = await realpath(join(path, STAND_IN)).catch(() => undefined);
  if (target !== undefined) await rm(target, { recursive: true, force: true });
  await rm(resolve(path), { recursive: true, force: true });
}

/** A folder in which everyone can reach what we put there, and which outlives a reboot where possible. */
export async function commonFolder(account?: Account): Promise<string> {
  for (const candidate of ['/var/tmp', tmpdir(), '/tmp']) {
    const folder = await realpath(candidate).catch(() => undefined);
    if (folder !== undefined && (await canReach(folder, account))) return folder;
  }
  throw new DataDirError(
    'TENON_DATA_DIR_UNUSABLE',
    'Started by root, servers run as an account without rights, and it can reach neither /var/tmp nor /tmp. ' +
      'Make one of them accessible (chmod 1777 /var/tmp), or run as a user that is not root.',
  );
}

async function standIn(folder: string, account: Account): Promise<string> {
  const link = join(folder, STAND_IN);
  for (;;) {
    const known = await realpath(link).catch(() => undefined);
    if (known !== undefined && (await isOurs(known)) && (await canReach(known, account)))
      return known;
    await rm(link, { force: true });
    const common = await commonFolder(account);
    await removeAbandoned(common);
    const made = await mkdtemp(join(common, 'tenon-'));
    await chmod(made, 0o711);
    await writeFile(join(made, ORIGINAL), folder, { mode: 0o600 });
    try {
      await symlink(made, link);
    } catch (error) {
      await rm(made, { recursive: true });
      // Another process was quicker: the next round uses its folder.
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

async function isOurs(folder: string): Promise<boolean> {
  const [link, target] = await Promise.all([lstat(folder), stat(folder)]);
  return link.isDirectory() && target.uid === process.getuid?.() && (target.mode & 0o022) === 0;
}

/** Removes stand-ins that no link leads to any more, because their checkout was removed. Ones in use have a lock. */
async function removeAbandoned(common: string): Promise<void> {
  for (const name of await readdir(common)) {
    const folder = join(common, name);
    if (!/^tenon-\w{6}$/.test(name) || !(await isOurs(folder))) continue;
    const original = await readFile(join(folder, ORIGINAL), 'utf8').catch(() => undefined);
    if (original === undefined || (await pathExists(join(folder, 'lock.json')))) continue;
    const isYoung = Date.now() - (await stat(folder)).mtimeMs < ABANDONED_MS_MIN;
    const linked = await realpath(join(original, STAND_IN)).catch(() => undefined);
    if (linked !== folder && !isYoung) await rm(folder, { recursive: true, force: true });
  }
}
