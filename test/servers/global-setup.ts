/**
 * Runs once before all tests. The place where private servers are started, whose URLs go to the tests through
 * environment variables. Jest loads this file outside its module map: `@tenon/*` means what `npm run build` made.
 */
export default async function globalSetup(): Promise<void> {
  // No test needs a server yet.
}
