import { exitCodeOf, explain } from './exit-code';

/** Runs a command of the service: an error ends it with words for a person and the exit code that fits. */
export function runCommand(command: () => Promise<void>): void {
  command().catch((error: unknown) => {
    console.error(explain(error));
    process.exit(exitCodeOf(error));
  });
}
