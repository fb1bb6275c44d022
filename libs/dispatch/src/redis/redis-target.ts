import { UsageError } from '@tenon/core';
import type { Redis, RedisOptions } from 'ioredis';

/** Which Redis: its URL, options of ioredis, or a connection of yours, whose options are taken and which is left alone. */
export type RedisTarget = { readonly url: string } | Redis | RedisOptions;

/** How to connect, in ioredis' own words. `url`, where given, holds over `options`. */
export interface RedisAddress {
  readonly url: string | null;
  readonly options: RedisOptions;
  /** `host:port/db` or the socket's path, with no credentials. */
  readonly description: string;
}

/** Reads a target, whichever form it has. */
export function redisAddress(target: RedisTarget): RedisAddress {
  if ('url' in target)
    return { url: target.url, options: {}, description: describeUrl(target.url) };
  const options = { ...('duplicate' in target ? target.options : target) };
  // It would end the reads that wait for jobs. How long an answer may take is the dispatcher's `timeoutMs`.
  delete options.commandTimeout;
  const { path, host = 'localhost', port = 6379, db = 0 } = options;
  return { url: null, options, description: `${path ?? `${host}:${port}`}/${db}` };
}

function describeUrl(url: string): string {
  // Deliberately without the URL in the message: it may hold a password.
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError(
      'TENON_USAGE',
      'The URL of Redis cannot be read. It looks like redis://user:password@host:6379/0, or rediss:// for TLS.',
    );
  }
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || 'localhost'}:${port || '6379'}/${pathname.slice(1) || '0'}`;
}
