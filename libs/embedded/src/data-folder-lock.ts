import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { DataDirError, hasCode } from './errors';
import { processBirth } from './server-processes';

/** Who holds a data folder. */
interface Holder {
  readonly pid: number;
  readonly birth?: string | undefined;
}

/**
 * Makes this process the holder of the data folder whose lock is `file`, or throws `TENON_DATA_DIR_IN_USE` naming
 * the process that holds it. What a dead process left is taken over.
 */
export async function lockDataFolder(file: string, dataDir: string): Promise<void> {
  const own = JSON.stringify({ pid: process.pid, birth: processBirth(process.pid) });
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      await writeFile(file, own, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const found = await readFile(file, 'utf8').catch(() => '');
    const holder = parseHolder(found);
    if (holder && processBirth(holder.pid) !== undefined && isSame(holder))
      throw inUse(dataDir, holder.pid);
    // An unreadable lock is most likely being written this very moment.
    if (!holder && attempt < 10) await sleep(20);
    else await discard(file, found);
  }
  throw new DataDirError(
    'TENON_DATA_DIR_IN_USE',
    `Many processes at once want ${dataDir}. Try again.`,
  );
}

/** Gives the data folder up. */
export async function unlockDataFolder(file: string): Promise<void> {
  await rm(file, { force: true });
}

function isSame(holder: Holder): boolean {
  return holder.birth === processBirth(holder.pid);
}

/**
 * Removes a stale lock. Between our reading and now someone else may have removed it and made their own, so it is
 * moved aside first, looked at again, and put back if it is not the one that we read.
 */
async function discard(file: string, found: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) === found) await rm(aside);
  else await rename(aside, file);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, birth } = JSON.parse(text) as Partial<Holder>;
    return pid === undefined ? undefined : { pid, birth };
  } catch {
    return undefined;
  }
}

function inUse(dataDir: string, pid: number): DataDirError {
  const who =
    pid === process.pid ? `this process (pid ${String(pid)})` : `the process ${String(pid)}`;
  return new DataDirError(
    'TENON_DATA_DIR_IN_USE',
    `The server in ${dataDir} is already run by ${who}. Use that one, stop it first, or choose another dataDir.`,
  );
}
