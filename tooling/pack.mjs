// Packs every library that can be published into dist/packages/*.tgz, as `npm publish` would send it. What is packed is
// built first: the JavaScript, and the declarations, which the daily build leaves out.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.join(root, 'dist', 'packages');

run(process.execPath, ['tooling/build.mjs']);
// Forced: what TypeScript remembers of its last run does not tell whether the files are still there.
npm('run', '--silent', 'build:types', '--', '--force');
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const staging = await mkdtemp(path.join(tmpdir(), 'tenon-pack-'));
try {
  const libraries = await publishable();
  for (const dir of libraries) await stage(dir);
  const staged = libraries.map((dir) => path.join(staging, path.basename(dir)));
  npm('pack', '--silent', '--pack-destination', target, ...staged);
} finally {
  await rm(staging, { recursive: true, force: true });
}

/** The folders of the packages that are not private. */
async function publishable() {
  const libs = (await readdir(path.join(root, 'libs'))).map((name) => path.join('libs', name));
  const dirs = ['migrations', ...libs].map((dir) => path.join(root, dir));
  const manifests = await Promise.all(dirs.map(manifestOf));
  return dirs.filter((_, index) => manifests[index] && !manifests[index].private);
}

async function manifestOf(dir) {
  const file = path.join(dir, 'package.json');
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined;
}

/** Lays out a package with the licence, which every copy must carry and which is kept once, at the root. */
async function stage(dir) {
  const copy = path.join(staging, path.basename(dir));
  for (const name of ['package.json', 'README.md', 'dist'])
    await cp(path.join(dir, name), path.join(copy, name), { recursive: true });
  await cp(path.join(root, 'LICENSE'), path.join(copy, 'LICENSE'));
}

function npm(...args) {
  // Through the shell on Windows, where npm is a script that cannot be started otherwise.
  run('npm', args, { shell: process.platform === 'win32' });
}

function run(program, args, options = {}) {
  execFileSync(program, args, { cwd: root, stdio: 'inherit', ...options });
}
