import { SchemaError, UsageError } from '@tenon/core';
import { EmbeddedError } from '@tenon/embedded';
import { DatabaseDownError } from './database/open-database';
import { SettingError } from './database/database-url';
import { InputFileError } from './files/semicolon-records';

/**
 * What a command of the service says by its exit code.
 * - 0: done, and all is well
 * - 1: it ran, and not all is well; or it broke
 * - 2: it cannot begin like this: a wrong option or use, a missing file, a server that is not there
 * - 3: the database's schema is newer than the program
 */
export type ExitCode = 0 | 1 | 2 | 3;

const CANNOT_BEGIN = [
  SettingError,
  InputFileError,
  DatabaseDownError,
  EmbeddedError,
  UsageError,
] as const;

/** The exit code for an error that ends a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof SchemaError && error.code === 'TENON_SCHEMA_NEWER') return 3;
  return CANNOT_BEGIN.some((kind) => error instanceof kind) ? 2 : 1;
}

/** The error in words for a person: with its stack only where it is not one of those that we expect. */
export function explain(error: unknown): string {
  const isExpected = exitCodeOf(error) !== 1 || error instanceof SchemaError;
  if (isExpected && error instanceof Error) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
