import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { serverAccount } from './account';
import { hasCode, ServerUnavailableError } from './errors';
import { findProgram } from './find-program';
import { reachableFolder } from './reachable-folder';
import { pathExists } from './path-exists';
import { lastLines, type Program, runProgram } from './run-program';

/** Packages unpacked into a folder, as if it were the root of the file system. */
export interface UnpackedPackages {
  readonly root: string;
  /** For running its programs: where their libraries are. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Fetches Debian packages, with whatever they need that this machine lacks, and unpacks them into `intoDir`. Nothing
 * is installed, no service is started, and no root is needed unless apt's lists are still empty and have to be
 * fetched too. A second call finds what the first one unpacked.
 *
 * @throws {@link ServerUnavailableError} when there is no apt, or it cannot fetch them; the message says why.
 */
export async function fetchDebianPackages(
  packages: readonly string[],
  intoDir: string,
): Promise<UnpackedPackages> {
  const folder = await reachableFolder(intoDir, serverAccount());
  const root = join(folder, 'root');
  if (!(await pathExists(root))) await unpackInto(root, folder, packages);
  return { root, env: { LD_LIBRARY_PATH: (await libraryFolders(root)).join(':') } };
}

/** The shared libraries that `program` asks for and the system does not find. */
export async function missingLibraries(program: Program): Promise<readonly string[]> {
  const { output } = await runProgram({ path: 'ldd', env: program.env ?? {} }, [program.path]);
  return [...output.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? '');
}

/** Unpacks beside `root` and renames at the end: a `root` that exists is complete. */
async function unpackInto(
  root: string,
  folder: string,
  packages: readonly string[],
): Promise<void> {
  const apt = await needProgram('apt-get', packages);
  const dpkg = await needProgram('dpkg-deb', packages);
  await fillListsIfEmpty(apt, packages);
  const draft = await mkdtemp(join(folder, 'draft-'));
  try {
    const names = await withDependencies(apt, packages);
    // As root, apt would fetch as the user _apt, who has no business in our folder.
    await run(apt, ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...names], packages, draft);
    const unpacked = join(draft, 'root');
    await mkdir(unpacked, { mode: 0o755 });
    for (const file of (await readdir(draft)).filter((name) => name.endsWith('.deb'))) {
      await run(dpkg, ['-x', file, unpacked], packages, draft);
    }
    await rename(unpacked, root);
  } catch (error) {
    // Another process may have been quicker.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** `packages`, and what apt would install with them on this machine. */
async function withDependencies(
  apt: Program,
  packages: readonly string[],
): Promise<readonly string[]> {
  const { output } = await runProgram(apt, [
    ...['-q', '--simulate', '--no-install-recommends', 'install'],
    ...packages,
  ]);
  const needed = [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  return [...new Set([...packages, ...needed])];
}

/** One update for all who wait: apt does not do two at a time. */
let update: Promise<void> | undefined;

async function fillListsIfEmpty(apt: Program, packages: readonly string[]): Promise<void> {
  const lists = await readdir('/var/lib/apt/lists').catch(() => []);
  if (update === undefined && lists.some((name) => name.includes('_Packages'))) return;
  if (process.getuid?.() !== 0) {
    throw unavailable(
      packages,
      'apt has no package lists yet; "apt-get update", run by root, fetches them',
    );
  }
  update ??= run(apt, ['-q', 'update'], packages, '/').finally(() => (update = undefined));
  await update;
}

async function needProgram(name: string, packages: readonly string[]): Promise<Program> {
  const path = await findProgram(name);
  if (path === undefined) throw unavailable(packages, `this machine has no ${name}`);
  return { path };
}

async function run(
  program: Program,
  args: readonly string[],
  packages: readonly string[],
  cwd: string,
): Promise<void> {
  const { succeeded, output } = await runProgram(program, args, { cwd, runMsMax: 300_000 });
  if (!succeeded) throw unavailable(packages, `${program.path} failed:\n${lastLines(output)}`);
}

function unavailable(packages: readonly string[], reason: string): ServerUnavailableError {
  return new ServerUnavailableError(`${packages.join(', ')} cannot be fetched: ${reason}`);
}

/** The folders in which Debian keeps libraries, as far as the unpacked packages have them. */
async function libraryFolders(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const base of ['usr/lib', 'lib']) {
    const entries = await readdir(join(root, base), { withFileTypes: true }).catch(() => []);
    const triplets = entries.filter(
      (entry) => entry.isDirectory() && entry.name.includes('-linux-gnu'),
    );
    found.push(...triplets.map((entry) => join(root, base, entry.name)), join(root, base));
  }
  return found;
}
