import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');
const guide = join(root, 'docs', 'guide', 'first-saga');
const tarballs = join(root, 'dist', 'packages');

/** What a user's application differs in. */
export interface ScratchOptions {
  readonly type: 'commonjs' | 'module';
  /** Packages from the registry, by name, with their versions. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** Source files besides the guide's, by name. */
  readonly sources?: Readonly<Record<string, string>>;
}

/** Makes `dist/packages/*.tgz`, as a user does. */
export async function packLibraries(): Promise<void> {
  await run('npm', ['run', 'packages'], { cwd: root });
}

/**
 * A user's Nest application outside of this checkout, so that nothing of it can be found by accident: the guide's first
 * saga, the packed libraries and what else it needs, installed by npm.
 */
export class ScratchApp {
  private constructor(readonly folder: string) {}

  static async create(options: ScratchOptions): Promise<ScratchApp> {
    const app = new ScratchApp(await mkdtemp(join(tmpdir(), 'tenon-scratch-')));
    const { type, dependencies, compilerOptions, sources = {} } = options;
    await app.write('package.json', json({ name: 'scratch', private: true, type, dependencies }));
    await app.write('tsconfig.json', json({ compilerOptions, include: ['*.ts'] }));
    for (const file of await readdir(guide)) {
      const text = await readFile(join(guide, file), 'utf8');
      // ES modules name the file that they import.
      await app.write(
        file,
        type === 'module' ? text.replace(/(from '\.\/[^']+)'/g, "$1.js'") : text,
      );
    }
    for (const [file, text] of Object.entries(sources)) await app.write(file, text);
    return app;
  }

  async install(): Promise<void> {
    const files = (await readdir(tarballs)).map((file) => join(tarballs, file));
    await this.npm('install', '--prefer-offline', '--no-audit', '--no-fund', ...files);
  }

  /** Type-checks and compiles with the TypeScript that was installed; rejects with what it complains about. */
  async compile(): Promise<void> {
    await this.node(join('node_modules', 'typescript', 'bin', 'tsc'));
  }

  /** Runs a script and answers its standard output. */
  async node(script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.output(process.execPath, [script], { ...process.env, ...env });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private async npm(...args: readonly string[]): Promise<string> {
    return this.output('npm', args, process.env);
  }

  private async output(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Promise<string> {
    try {
      return (await run(program, args, { cwd: this.folder, env })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(`${program} ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`, {
        cause: error,
      });
    }
  }

  private async write(file: string, text: string): Promise<void> {
    await writeFile(join(this.folder, file), text);
  }
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
