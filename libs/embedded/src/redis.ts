import { DataFolder } from './data-folder';
import { obtainProgram } from './obtain-program';
import { type EmbeddedServer, startPrivateServer } from './private-server';
import type { Probe } from './readiness';
import { endServers } from './server-processes';

const PROCESS_NAMES = ['redis-server', 'valkey-server'];

/** Options of {@link startRedis}. */
export interface RedisOptions {
  /** The folder for everything this server keeps. Made if missing; a later start with it finds the same data. */
  readonly dataDir: string;
  /** On 127.0.0.1. Default: any free port. */
  readonly port?: number;
  /** Whether data outlives the server (`appendonly`). Default: true. */
  readonly isDurable?: boolean;
  /** Settings as in `redis.conf`, such as `{ maxmemory: '64mb' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where a fetched server is unpacked. Default: the folder `servers` beside `dataDir`. */
  readonly serversDir?: string;
}

/**
 * Starts a private Redis (or Valkey) on 127.0.0.1 and resolves when it answers: the one on the PATH, or one fetched
 * with apt and unpacked in `serversDir`. The url holds a random password that is kept in the data folder. It never
 * evicts keys, as BullMQ asks.
 *
 * @throws {@link ServerUnavailableError} when there is no server program and none can be fetched.
 * @throws {@link ServerStartError} when it does not come up, or `port` is taken.
 * @throws {@link DataDirError} when another process runs a server in `dataDir`, or the folder is not usable.
 */
export async function startRedis(options: RedisOptions): Promise<EmbeddedServer> {
  const program = await obtainProgram('redis', options.dataDir, options.serversDir);
  const folder = await DataFolder.open(options.dataDir, 'redis');
  await folder.hold();
  try {
    await endServers(folder.data, PROCESS_NAMES, 'SIGTERM', 10_000);
    const password = await folder.prepare(() => Promise.resolve());
    return await startPrivateServer(
      {
        title: 'Redis',
        program,
        processNames: PROCESS_NAMES,
        folder,
        stopSignal: 'SIGTERM',
        probe: probe(password),
        // A file and not arguments: everyone on the machine can list those.
        args: async (port) => [
          await folder.writeFile('redis.conf', configuration(options, port, password)),
        ],
        url: (port) => `redis://:${password}@127.0.0.1:${String(port)}`,
      },
      options.port,
    );
  } catch (error) {
    await folder.release();
    throw error;
  }
}

function configuration(
  { isDurable = true, settings = {} }: RedisOptions,
  port: number,
  password: string,
): string {
  const all = {
    save: '""',
    'maxmemory-policy': 'noeviction',
    appendonly: isDurable ? 'yes' : 'no',
    ...settings,
    bind: '127.0.0.1',
    port: String(port),
    requirepass: password,
    daemonize: 'no',
    dir: './', // The working directory is the data folder.
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

function probe(password: string): Probe {
  return {
    greeting: `AUTH ${password}\r\nPING\r\n`,
    // While it loads its data, AUTH succeeds and PING answers -LOADING; both answers come in one piece.
    isServing: (answer) => answer.toString().startsWith('+OK\r\n+PONG'),
  };
}
