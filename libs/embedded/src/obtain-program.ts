import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { canReach, serverAccount } from './account';
import { fetchDebianPackages, missingLibraries } from './debian-packages';
import { messageOf, ServerUnavailableError } from './errors';
import { findProgram } from './find-program';
import type { Program } from './run-program';

interface Source {
  readonly title: string;
  /** Programs that will do, the best first. */
  readonly programs: readonly string[];
  /** Debian packages that hold the first of them, and its folder in there. */
  readonly packages: readonly string[];
  readonly folder: string;
  readonly cure: string;
}

const SOURCES = {
  redis: {
    title: 'Redis',
    programs: ['redis-server', 'valkey-server'],
    packages: ['redis-server', 'redis-tools'],
    folder: 'usr/bin',
    cure: 'Install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL to one that runs.',
  },
  mariadb: {
    title: 'MariaDB',
    programs: ['mariadbd', 'mysqld'],
    packages: ['mariadb-server-core'],
    folder: 'usr/sbin',
    cure: 'Install it (Debian, Ubuntu: apt-get install mariadb-server; macOS: brew install mariadb), or set MARIADB_URL to one that runs.',
  },
} as const satisfies Record<string, Source>;

/** Finds the server's program, or fetches it into `serversDir` (default: the folder `servers` beside `dataDir`). */
export async function obtainProgram(
  kind: keyof typeof SOURCES,
  dataDir: string,
  serversDir = join(dirname(resolve(dataDir)), 'servers'),
): Promise<Program> {
  const source: Source = SOURCES[kind];
  for (const name of source.programs) {
    const path = await findProgram(name);
    if (path !== undefined && (await canReach(await realpath(path), serverAccount())))
      return { path };
  }
  try {
    return await fetchProgram(source, join(serversDir, kind));
  } catch (error) {
    throw new ServerUnavailableError(
      `${source.title} is not available: no ${source.programs.join(' or ')} on the PATH, and ${messageOf(error)}. ${source.cure}`,
      { cause: error },
    );
  }
}

async function fetchProgram(source: Source, intoDir: string): Promise<Program> {
  const { root, env } = await fetchDebianPackages(source.packages, intoDir);
  const program = { path: join(root, source.folder, source.programs[0] ?? ''), env };
  const missing = await missingLibraries(program);
  if (missing.length > 0) {
    throw new ServerUnavailableError(`${program.path} lacks the libraries ${missing.join(', ')}`);
  }
  return program;
}
