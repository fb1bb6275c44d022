// Not `instanceof Error`: under jest, errors of Node's own modules have another `Error`.
import { types } from 'node:util';

const { isNativeError } = types;

/** The stable codes of this package's errors; messages may change, these do not. */
export type EmbeddedErrorCode =
  | 'TENON_SERVER_UNAVAILABLE'
  | 'TENON_SERVER_START_FAILED'
  | 'TENON_PORT_TAKEN'
  | 'TENON_DATA_DIR_IN_USE'
  | 'TENON_DATA_DIR_UNUSABLE';

/** The base of this package's errors: a stable `code`, and a message that says what to do. */
export class EmbeddedError extends Error {
  constructor(
    readonly code: EmbeddedErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server's program is neither on this machine nor can it be fetched. The message names the program and the cure. */
export class ServerUnavailableError extends EmbeddedError {
  constructor(message: string, options?: ErrorOptions) {
    super('TENON_SERVER_UNAVAILABLE', message, options);
  }
}

/** The program is there but the server did not come up. The message ends with the last lines of its log. */
export class ServerStartError extends EmbeddedError {
  constructor(
    message: string,
    options?: ErrorOptions & { code?: 'TENON_SERVER_START_FAILED' | 'TENON_PORT_TAKEN' },
  ) {
    super(options?.code ?? 'TENON_SERVER_START_FAILED', message, options);
  }
}

/** The data folder belongs to a running process, to another account, or to something that is not ours. */
export class DataDirError extends EmbeddedError {}

/** Whether `error` is an operating system error with this code (`ENOENT`, `EEXIST`, …). */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isNativeError(error) && 'code' in error && codes.includes(String(error.code));
}

/** What a caught value says. */
export function messageOf(error: unknown): string {
  return isNativeError(error) ? error.message : String(error);
}
