// Goal: every library can be published, and a user who imports it gets what its manifest promises.
// Method: read each package.json and hold it against the rules of the house.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
}

const libs = join(__dirname, '..', 'libs');
const names = readdirSync(libs).filter((name) => existsSync(join(libs, name, 'package.json')));

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(libs, name, 'package.json'), 'utf8')) as Manifest;
}

describe.each(names)('@tenon/%s', (name) => {
  const manifest = manifestOf(name);

  it('is named after its folder and shares the one version and licence', () => {
    expect(manifest.name).toBe(`@tenon/${name}`);
    expect(manifest.version).toBe(manifestOf('core').version);
    expect(manifest.license).toBe('MIT');
  });

  it('exports its index and its manifest, and nothing else', () => {
    expect(manifest.exports).toEqual({
      '.': {
        types: './dist/index.d.ts',
        require: './dist/index.js',
        default: './dist/index.js',
      },
      './package.json': './package.json',
    });
  });

  it('has a README', () => {
    expect(existsSync(join(libs, name, 'README.md'))).toBe(true);
  });

  it('describes only peers that it has', () => {
    const peers = Object.keys(manifest.peerDependencies ?? {});
    expect(peers).toEqual(expect.arrayContaining(Object.keys(manifest.peerDependenciesMeta ?? {})));
  });
});

describe('an ES module', () => {
  // Node finds the names by reading the built text: those that it does not find are there for require() alone.
  it.each([...names, 'migrations'])('can import all of @tenon/%s by name', (name) => {
    const script = `
      import * as names from '@tenon/${name}';
      console.log(Object.keys(names.default).filter((key) => !(key in names)).join());`;
    const args = ['--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, args, { cwd: libs, encoding: 'utf8' }).trim()).toBe('');
  });
});

describe('@tenon/core', () => {
  it('depends on nothing', () => {
    const { dependencies, optionalDependencies, peerDependencies } = manifestOf('core');
    expect([dependencies, optionalDependencies, peerDependencies]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
