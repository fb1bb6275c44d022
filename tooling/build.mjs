// Compiles libs/*/src, apps/*/src and migrations/ into the dist/ of each, file by file, as CommonJS with source maps.
// Packages find one another through node_modules/@tenon/*, which npm links to libs/*, so no path is rewritten.
// Only what changed is compiled, and what has no source any more is removed. Prints to stderr alone: the standard
// output of `npm run demo` belongs to the demo.
import { transformFile } from '@swc/core';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import swc from './swc.cjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const recipe = Math.max(
  await modifiedAt(path.join(root, 'tooling/swc.cjs')),
  await modifiedAt(fileURLToPath(import.meta.url)),
);

const packages = [
  path.join(root, 'migrations'),
  ...(await packagesIn('libs')),
  ...(await packagesIn('apps')),
];
const compiled = (await Promise.all(packages.map(buildPackage))).reduce((a, b) => a + b, 0);
if (compiled > 0) process.stderr.write(`build: ${compiled} files compiled\n`);

/** The packages built here: those with a tsconfig of ours. A browser application builds itself. */
async function packagesIn(folder) {
  const names = await readdir(path.join(root, folder));
  return names
    .map((name) => path.join(root, folder, name))
    .filter((dir) => ['lib', 'app'].some((k) => existsSync(path.join(dir, `tsconfig.${k}.json`))));
}

/** Brings one package's dist/ up to date and tells how many files it compiled. */
async function buildPackage(dir) {
  // The migrations are found by people in migrations/postgres and migrations/mysql: that package has no src/.
  const src = existsSync(path.join(dir, 'src')) ? path.join(dir, 'src') : dir;
  const sources = (await filesUnder(src)).filter(isSource);
  const jobs = sources.map((source) => ({
    source: path.join(src, source),
    target: path.join(dir, 'dist', source.replace(/\.ts$/, '.js')),
  }));
  await removeOrphans(path.join(dir, 'dist'), sources);
  return (await Promise.all(jobs.map(compile))).filter(Boolean).length;
}

async function compile({ source, target }) {
  if ((await modifiedAt(target)) > Math.max(await modifiedAt(source), recipe)) return false;
  const { code, map } = await transformFile(source, {
    ...swc.swcOptions,
    sourceMaps: true,
    sourceFileName: path.relative(path.dirname(target), source),
  });
  const name = path.basename(target);
  await mkdir(path.dirname(target), { recursive: true });
  await replace(`${target}.map`, map);
  await replace(target, `${code}\n//# sourceMappingURL=${name}.map\n`);
  return true;
}

/** Writes a file whole or not at all: another process may be loading it at this moment. */
async function replace(file, text) {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, file);
}

/** Removes the JavaScript and the declarations whose source is gone. */
async function removeOrphans(dist, sources) {
  const stems = new Set(sources.map((source) => source.replace(/\.ts$/, '')));
  for (const file of await filesUnder(dist)) {
    const stem = file.replace(/\.(js|d\.ts)(\.map)?$/, '');
    if (stem !== file && !stems.has(stem)) await rm(path.join(dist, file), { force: true });
  }
}

function isSource(file) {
  const isForeign = /^(dist|node_modules)[\\/]/.test(file);
  return (
    !isForeign && file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.endsWith('.d.ts')
  );
}

async function filesUnder(dir) {
  if (!existsSync(dir)) return [];
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath ?? entry.path, entry.name)));
}

async function modifiedAt(file) {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return 0;
  }
}
