import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * When the process `pid` began, in whatever form the system tells it; `undefined` when there is no such process.
 * A pid together with its birth names one process for good: pids are used again, and in containers very soon.
 */
export function processBirth(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    }
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is the name in brackets and may hold anything; `starttime` is field 22.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/**
 * The processes named one of `names` that work in the folder `data`.
 *
 * All three servers, and every process of PostgreSQL, have their data folder as working directory. So this also
 * finds what no pid file tells: a backend that outlives its killed postmaster. Only Linux lets us look; elsewhere
 * the answer is empty, and the server itself refuses a data folder that is in use.
 */
export async function findServers(data: string, names: readonly string[]): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const isServer = await Promise.all(
    pids.map(async (pid) => {
      try {
        if ((await readlink(`/proc/${String(pid)}/cwd`)) !== data) return false;
        return names.includes((await readFile(`/proc/${String(pid)}/comm`, 'utf8')).trim());
      } catch {
        return false; // Gone meanwhile, or of another user.
      }
    }),
  );
  return pids.filter((_, index) => isServer[index]);
}

/** Ends whatever is left of a server in the folder `data`: asked first, then, after `patienceMs`, killed. */
export async function endServers(
  data: string,
  names: readonly string[],
  signal: NodeJS.Signals,
  patienceMs: number,
): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  let asked = false;
  for (;;) {
    const pids = await findServers(data, names);
    if (pids.length === 0) return;
    if (Date.now() >= deadlineMs) pids.forEach((pid) => send(pid, 'SIGKILL'));
    else if (!asked) pids.forEach((pid) => send(pid, signal));
    asked = true;
    await sleep(20);
  }
}

/** Sends `signal`; a process that is already gone is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}
