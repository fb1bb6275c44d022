/** How long a server may take to stop before it is killed, in milliseconds. */
export const STOP_MS_MAX = 20_000;

/**
 * The guardian: a process that outlives ours by a moment, to stop what we started however we end, `kill -9` included.
 *
 * It reads lines `watch <target> <signal>` and `forget <target>`; a negative target is a process group. The end of
 * its input means that we are gone. It is a text for `node -e`, so that it runs alike from TypeScript sources under
 * jest and from the built package, and needs no file that a build could leave out.
 */
export const GUARDIAN_SCRIPT = /* js */ `
const { readFileSync } = require('node:fs');
process.title = 'tenon-guardian';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
const watched = new Map();
const send = (target, signal) => {
  try { return process.kill(target, signal); } catch { return false; }
};
// Nobody may be there to bury the dead: in a container, process 1 often does not. Then /proc shows the state Z.
const hasEnded = (target) => {
  if (!send(target, 0)) return true;
  try { return /\\) Z [^)]*$/.test(readFileSync('/proc/' + target + '/stat', 'latin1')); } catch { return false; }
};
let unread = '';
process.stdin.on('data', (chunk) => {
  const lines = (unread + chunk).split('\\n');
  unread = lines.pop();
  for (const line of lines) {
    const [verb, target, signal] = line.split(' ');
    if (verb === 'watch') watched.set(Number(target), signal);
    else watched.delete(Number(target));
  }
});
process.stdin.on('error', () => {});
process.stdin.on('close', () => {
  for (const [target, signal] of watched) send(target, signal);
  const deadline = Date.now() + ${String(STOP_MS_MAX)};
  const look = () => {
    for (const target of watched.keys()) {
      if (hasEnded(target)) watched.delete(target);
      else if (Date.now() > deadline) send(target, 'SIGKILL');
    }
    // Of a group, or without /proc, we cannot tell; so there is an end to the waiting.
    if (watched.size === 0 || Date.now() > deadline + 2000) process.exit();
  };
  setInterval(look, 20);
  look();
});
`;
