import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { DataFolder } from './data-folder';
import { ServerStartError, ServerUnavailableError } from './errors';
import { pathExists } from './path-exists';
import { lastLines, type Program, runProgram } from './run-program';

/** Where an installed or unpacked MariaDB has its parts. */
export interface MariadbLayout {
  /** The folder of the SQL that makes the system tables. */
  readonly shareDir: string;
  /** What every run of `mariadbd` needs, so that it finds its own parts and no settings of the machine. */
  readonly args: readonly string[];
}

/** The system tables, in the order of `mariadb-install-db`: each by the names it has had, the newest first. */
const SYSTEM_TABLES = [
  ['mariadb_system_tables.sql', 'mysql_system_tables.sql'],
  ['mariadb_performance_tables.sql', 'mysql_performance_tables.sql'],
  ['mariadb_system_tables_data.sql', 'mysql_system_tables_data.sql'],
  ['maria_add_gis_sp_bootstrap.sql'],
] as const;

/** Finds the parts that belong to `mariadbd`: next to it, wherever it was installed or unpacked. */
export async function mariadbLayout(
  program: Program,
  temporaryDir: string,
): Promise<MariadbLayout> {
  for (const path of [program.path, await realpath(program.path)]) {
    const base = dirname(dirname(path));
    for (const share of ['share/mysql', 'share/mariadb', 'share']) {
      const shareDir = join(base, share);
      if ((await findFile(shareDir, SYSTEM_TABLES[0])) === undefined) continue;
      const pluginDir = join(base, 'lib', 'mysql', 'plugin');
      return {
        shareDir,
        args: [
          ...['--no-defaults', `--basedir=${base}`, `--lc-messages-dir=${shareDir}`],
          `--tmpdir=${temporaryDir}`,
          `--character-sets-dir=${join(shareDir, 'charsets')}`,
          ...((await pathExists(pluginDir)) ? [`--plugin-dir=${pluginDir}`] : []),
        ],
      };
    }
  }
  throw new ServerUnavailableError(
    `MariaDB is not available: ${program.path} is there, but not the SQL files it is set up with ` +
      '(share/mysql/mysql_system_tables.sql). Install the whole server, or set MARIADB_URL to one that runs.',
  );
}

/**
 * Makes the system tables and the one account.
 *
 * This is what `mariadb-install-db` does, without that script: it needs other programs, breaks on folders with
 * spaces, and leaves accounts without a password behind.
 */
export async function installMariadb(
  program: Program,
  layout: MariadbLayout,
  folder: DataFolder,
  password: string,
): Promise<void> {
  const parts = await Promise.all(
    SYSTEM_TABLES.map(async (names) => {
      const file = await findFile(layout.shareDir, names);
      return file === undefined ? '' : readFile(file, 'utf8');
    }),
  );
  const input = [
    'CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;',
    ...parts,
    ownAccount(password),
  ].join('\n');
  const args = [
    ...layout.args,
    ...['--bootstrap', `--datadir=${folder.data}`],
    ...['--log-warnings=0', '--enforce-storage-engine=', '--max-allowed-packet=8M'],
  ];
  const { account } = folder;
  const { succeeded, output } = await runProgram(program, args, {
    account,
    cwd: folder.data,
    input,
  });
  if (!succeeded) {
    throw new ServerStartError(
      `MariaDB could not create its files in ${folder.data}:\n${lastLines(output)}`,
    );
  }
}

/** `mariadb.sys` owns views of the system tables and cannot log in. */
function ownAccount(password: string): string {
  const user = "'tenon'@'127.0.0.1'";
  return [
    "DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys';",
    'DELETE FROM mysql.proxies_priv;',
    'FLUSH PRIVILEGES;',
    `CREATE USER ${user} IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO ${user} WITH GRANT OPTION;`,
    'CREATE DATABASE tenon CHARACTER SET utf8mb4;',
    '',
  ].join('\n');
}

async function findFile(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    if (await pathExists(join(folder, name))) return join(folder, name);
  }
  return undefined;
}
