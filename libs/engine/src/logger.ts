/** Where the engine says what a person should know. Nest's `LoggerService` fits. */
export interface EngineLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Writes to standard error, which leaves standard output to the program. */
export const consoleLogger: EngineLogger = {
  log: (message) => void process.stderr.write(`${message}\n`),
  warn: (message) => void process.stderr.write(`warning: ${message}\n`),
  error: (message) => void process.stderr.write(`error: ${message}\n`),
};

/** An error as one line for a log: its name, code and message, and nothing that a driver hangs on it (queries, parameters). */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  // An AggregateError (a host name with two addresses, none of which answers) has no message of its own.
  const message =
    error.message === '' && error instanceof AggregateError
      ? error.errors.map(errorLine).join(', ')
      : error.message;
  return `${error.name}${code}: ${message.split('\n')[0] ?? ''}`;
}
