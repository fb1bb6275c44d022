import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The processes that work in `folder` or carry it in their environment: servers, and guardians of `startHolder`. */
export function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        if (readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) return true;
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOLDER=${folder}`);
      } catch {
        return false;
      }
    });
}

/** Waits until `condition` holds, for at most 20 seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`Still not so: ${condition.toString()}`);
    await sleep(20);
  }
}

/** Another Node process, at the head of its own process group, that starts servers in `folder` and holds them. */
export function spawnHolder(folder: string, ...kinds: string[]): ChildProcess {
  return spawn(process.execPath, [join(__dirname, 'holder.cjs'), folder, ...kinds], {
    detached: true,
    env: { ...process.env, HOLDER: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Waits until the holder's servers serve. */
export async function ready(holder: ChildProcess): Promise<void> {
  const [line] = (await once(createInterface(holder.stdout!), 'line')) as [string];
  if (line !== 'ready') throw new Error(line);
}

/** Ends a process that `act` ends, and waits for it: `[exit code, signal]`. */
export async function exitOf(child: ChildProcess, act: (pid: number) => void): Promise<unknown[]> {
  const exit = once(child, 'exit');
  act(child.pid!);
  return exit;
}
