import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type EmbeddedServer,
  fetchDebianPackages,
  findProgram,
  type PostgresOptions,
  ServerUnavailableError,
  startMariadb,
  startPostgres,
  startRedis,
} from '@tenon/embedded';
import { Client } from 'pg';

import { SERVERS, type ServerName } from './server-names';

/** Where fetched servers stay, for the next run to find. */
const SERVERS_DIR = join(__dirname, '..', '..', '.tenon', 'servers');
const POSTGRES_15 = '/usr/lib/postgresql/15/bin';
const FOLDER_PREFIX = 'tenon-test-';

/** What a skipped test says; the whole reason is printed once, at the start of the run. */
const CURES: Readonly<Record<ServerName, string>> = {
  postgres18: 'needs PostgreSQL: npm install --include=optional, or set DATABASE_URL',
  postgres15: 'needs PostgreSQL 15: apt-get install postgresql-15, or set DATABASE_URL',
  mariadb: 'needs MariaDB: apt-get install mariadb-server, or set MARIADB_URL',
  redis: 'needs Redis: apt-get install redis-server, or set REDIS_URL',
};

/** Nothing here outlives the run, so nothing has to survive a power cut. */
const FAST_POSTGRES = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  wal_level: 'logical',
};
const FAST_MARIADB = {
  innodb_flush_log_at_trx_commit: '0',
  sync_binlog: '0',
  max_connections: '300',
};

type Running = Pick<EmbeddedServer, 'url'> & Partial<EmbeddedServer>;

/**
 * The servers that all test files of a run share: private ones, or those named by DATABASE_URL, MARIADB_URL and
 * REDIS_URL. Each is started when first asked for, so that a run of unit tests starts none.
 */
export class TestServers {
  /** What cannot be had on this machine, with the cure. */
  readonly missing: Partial<Record<ServerName, string>> = {};
  private readonly running = new Map<ServerName, Promise<Running>>();

  private constructor(
    private readonly folder: string,
    private readonly urls: Partial<Record<ServerName, string>>,
  ) {}

  static async prepare(): Promise<TestServers> {
    await removeFoldersOfTheDead();
    const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
    await chmod(folder, 0o711); // Started by root, the servers run as another account.
    const servers = new TestServers(folder, await namedServers());
    await Promise.all(SERVERS.map((name) => servers.check(name)));
    return servers;
  }

  async url(name: ServerName): Promise<string> {
    let server = this.running.get(name);
    if (!server) {
      server = this.start(name);
      this.running.set(name, server);
    }
    return (await server).url;
  }

  async stop(): Promise<void> {
    const stopped = [...this.running.values()].map(async (server) => (await server).stop?.());
    await Promise.allSettled(stopped); // One that never started was reported to whoever asked for it.
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Whether a test is run or skipped must be known before it starts: what is not here yet is fetched now. */
  private async check(name: ServerName): Promise<void> {
    if (this.urls[name] !== undefined || (await isInstalled(name))) return;
    try {
      await this.url(name);
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error;
      this.missing[name] = CURES[name];
      process.stderr.write(`${error.message}\n`);
    }
  }

  private async start(name: ServerName): Promise<Running> {
    const url = this.urls[name];
    if (url !== undefined) return { url };
    const options = { dataDir: join(this.folder, name), serversDir: SERVERS_DIR };
    switch (name) {
      case 'postgres18':
        return startPostgres({ ...options, settings: FAST_POSTGRES });
      case 'postgres15':
        return startPostgres({ ...options, settings: FAST_POSTGRES, ...(await postgres15()) });
      case 'mariadb':
        return startMariadb({ ...options, settings: FAST_MARIADB, hasBinaryLog: true });
      case 'redis':
        return startRedis({ ...options, isDurable: false });
    }
  }
}

async function isInstalled(name: ServerName): Promise<boolean> {
  switch (name) {
    case 'postgres18':
      return true;
    case 'postgres15':
      return existsSync(POSTGRES_15);
    case 'mariadb':
      return (await findProgram('mariadbd')) !== undefined;
    case 'redis':
      return (await findProgram('redis-server')) !== undefined;
  }
}

async function postgres15(): Promise<Pick<PostgresOptions, 'binDir' | 'env'>> {
  if (existsSync(POSTGRES_15)) return { binDir: POSTGRES_15 };
  const folder = join(SERVERS_DIR, 'postgres15');
  const { root, env } = await fetchDebianPackages(['postgresql-15'], folder);
  return { binDir: join(root, POSTGRES_15), env };
}

/** A server is used as it is only if it was named. DATABASE_URL stands for the PostgreSQL nearest to its version. */
async function namedServers(): Promise<Partial<Record<ServerName, string>>> {
  const { DATABASE_URL, MARIADB_URL, REDIS_URL } = process.env;
  return {
    ...(DATABASE_URL && { [await nearestPostgres(DATABASE_URL)]: DATABASE_URL }),
    ...(MARIADB_URL && { mariadb: MARIADB_URL }),
    ...(REDIS_URL && { redis: REDIS_URL }),
  };
}

async function nearestPostgres(url: string): Promise<'postgres15' | 'postgres18'> {
  const client = new Client({ connectionString: url });
  await client.connect().catch((error: unknown) => {
    throw new Error(`DATABASE_URL names a server that cannot be used: ${String(error)}`);
  });
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return Number.parseInt(rows[0]?.server_version ?? '', 10) <= 15 ? 'postgres15' : 'postgres18';
  } finally {
    await client.end();
  }
}

/** A run that was killed could not remove its folder. Its servers are gone: their guardian saw to that. */
async function removeFoldersOfTheDead(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(FOLDER_PREFIX) ? Number(name.split('-')[2]) : undefined;
    if (pid !== undefined && !isAlive(pid)) {
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // It lives, and is another user's.
  }
}
