import { UsageError } from '@tenon/core';

/** A handler that did with its transaction what is not its business. */
export function handlerError(what: string): UsageError {
  return new UsageError(
    'TENON_USAGE',
    `The handler ${what}. Use \`ctx.tx\` without committing or rolling it back, and await everything that is done with it.`,
  );
}
