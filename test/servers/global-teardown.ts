/** Runs once after all tests, in the process of the set-up. If that one is killed, the servers' guardian does it. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.stopTestServers?.();
}
