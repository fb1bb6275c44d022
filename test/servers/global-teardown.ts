/** Runs once after all tests, in the process that ran the set-up: the place where private servers are stopped. */
export default async function globalTeardown(): Promise<void> {
  // No test needs a server yet.
}
