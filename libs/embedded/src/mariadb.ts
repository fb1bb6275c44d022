import { DataFolder } from './data-folder';
import { installMariadb, mariadbLayout } from './mariadb-install';
import { obtainProgram } from './obtain-program';
import { type EmbeddedServer, startPrivateServer } from './private-server';
import type { Probe } from './readiness';
import { endServers } from './server-processes';

const PROCESS_NAMES = ['mariadbd', 'mysqld'];

/** Options of {@link startMariadb}. */
export interface MariadbOptions {
  /** The folder for everything this server keeps. Made if missing; a later start with it finds the same data. */
  readonly dataDir: string;
  /** On 127.0.0.1. Default: any free port. */
  readonly port?: number;
  /** Whether it writes a binary log in row format, for change data capture. Default: false. */
  readonly hasBinaryLog?: boolean;
  /** System variables, such as `{ max_connections: '300' }`. Default: MariaDB's own, durable ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where a fetched server is unpacked. Default: the folder `servers` beside `dataDir`. */
  readonly serversDir?: string;
}

/**
 * Starts a private MariaDB on 127.0.0.1 and resolves when it answers: the one on the PATH, or one fetched with apt
 * and unpacked in `serversDir`. The url names the user `tenon`, who may do everything, with a random password that
 * is kept in the data folder, and the empty database `tenon`. There is no other account.
 *
 * @throws {@link ServerUnavailableError} when there is no server program and none can be fetched.
 * @throws {@link ServerStartError} when it does not come up, or `port` is taken.
 * @throws {@link DataDirError} when another process runs a server in `dataDir`, or the folder is not usable.
 */
export async function startMariadb(options: MariadbOptions): Promise<EmbeddedServer> {
  const program = await obtainProgram('mariadb', options.dataDir, options.serversDir);
  const folder = await DataFolder.open(options.dataDir, 'mariadb');
  await folder.hold();
  try {
    await endServers(folder.data, PROCESS_NAMES, 'SIGTERM', 10_000);
    // Not /tmp: a MariaDB that starts deletes the temporary tables it finds there, others' included.
    const layout = await mariadbLayout(program, await folder.ensureFolder('tmp'));
    const password = await folder.prepare((made) => installMariadb(program, layout, folder, made));
    return await startPrivateServer(
      {
        title: 'MariaDB',
        program,
        processNames: PROCESS_NAMES,
        folder,
        stopSignal: 'SIGTERM',
        probe: PROBE,
        args: (port) => Promise.resolve([...layout.args, ...serverArgs(options, folder, port)]),
        url: (port) => `mariadb://tenon:${password}@127.0.0.1:${String(port)}/tenon`,
      },
      options.port,
    );
  } catch (error) {
    await folder.release();
    throw error;
  }
}

function serverArgs(options: MariadbOptions, folder: DataFolder, port: number): string[] {
  const all = {
    character_set_server: 'utf8mb4',
    skip_name_resolve: 'ON',
    log_warnings: '1', // 2 tells of every client that just hangs up, such as our question whether it serves.
    ...(options.hasBinaryLog && { log_bin: 'binlog', binlog_format: 'ROW', server_id: '1' }),
    ...options.settings,
    datadir: folder.data,
    bind_address: '127.0.0.1',
    port: String(port),
    socket: '', // None: its path is limited to 107 characters.
    pid_file: 'server.pid',
  };
  return Object.entries(all).map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
}

const PROBE: Probe = {
  greeting: '', // Here the server speaks first: length, sequence, then the protocol's version, 10.
  isServing: (answer) => answer[4] === 10,
};
