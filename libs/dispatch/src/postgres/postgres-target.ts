import { UsageError } from '@tenon/core';
import type { PoolConfig } from 'pg';

/** Which PostgreSQL: its URL, or options of node-postgres. */
export type PostgresTarget = { readonly url: string } | PoolConfig;

/** How to connect, in node-postgres' own words. */
export interface PostgresAddress {
  /** With the schema of BullMQ as the search path, which BullMQ's statements rely on. */
  readonly config: PoolConfig;
  /** `host:port/database`, with no credentials. */
  readonly description: string;
}

const SEARCH_PATH = '-c search_path=bullmq';

/** Reads a target, whichever form it has. */
export function postgresAddress(target: PostgresTarget): PostgresAddress {
  if ('url' in target) return ofUrl(target.url, {});
  const { connectionString, ...rest } = target;
  if (connectionString !== undefined) return ofUrl(connectionString, rest);
  const { host = 'localhost', port = 5432, database, user, options } = target;
  return {
    config: { ...target, options: withSearchPath(options) },
    description: `${host}:${port}/${database ?? user ?? ''}`,
  };
}

function ofUrl(text: string, rest: PoolConfig): PostgresAddress {
  // Deliberately without the URL in the message: it may hold a password.
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new UsageError(
      'TENON_USAGE',
      'The URL of PostgreSQL cannot be read. It looks like postgres://user:password@host:5432/database.',
    );
  }
  const url = new URL(text);
  // What the URL says holds over what is beside it, so the search path has to be in the URL.
  const options = withSearchPath(url.searchParams.get('options') ?? rest.options);
  url.searchParams.set('options', options);
  const host = url.hostname || (url.searchParams.get('host') ?? 'localhost');
  return {
    config: { ...rest, connectionString: url.toString() },
    description: `${host}:${url.port || '5432'}${url.pathname}`,
  };
}

function withSearchPath(options: string | undefined): string {
  return options === undefined ? SEARCH_PATH : `${options} ${SEARCH_PATH}`;
}
