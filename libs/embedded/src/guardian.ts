import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers';

import { GUARDIAN_SCRIPT } from './guardian-script';

/** How long a guardian with nothing to watch is kept for the next program, in milliseconds: a start has several. */
const IDLE_MS = 500;

/** One guardian per process (in jest: per test file). */
let guardian: ChildProcess | undefined;
const watched = new Set<number>();

/**
 * From now on `target` (a pid, or a negative process group) gets `signal` when this process ends, in whatever way.
 * Call it in the same turn as the `spawn`; call what it returns once the target has ended, because its pid may then
 * become another's.
 */
export function watch(target: number, signal: NodeJS.Signals): () => void {
  guardian ??= startGuardian();
  watched.add(target);
  guardian.stdin?.write(`watch ${String(target)} ${signal}\n`);
  return () => {
    if (!watched.delete(target)) return;
    guardian?.stdin?.write(`forget ${String(target)}\n`);
    setTimeout(endIfIdle, IDLE_MS).unref();
  };
}

function endIfIdle(): void {
  if (watched.size > 0) return;
  guardian?.stdin?.end();
  guardian = undefined;
}

function startGuardian(): ChildProcess {
  // Its own session, so that neither Ctrl-C nor a closed terminal reaches it. Our options (--inspect, …) are not for it.
  const child = spawn(process.execPath, ['-e', GUARDIAN_SCRIPT], {
    cwd: '/',
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Whoever kills the guardian only loses its protection: the next start still finds and ends an orphan.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  // It must not keep our process alive.
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}
