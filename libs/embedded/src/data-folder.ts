import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type Account, serverAccount } from './account';
import { lockDataFolder, unlockDataFolder } from './data-folder-lock';
import { DataDirError, hasCode, messageOf } from './errors';
import { pathExists } from './path-exists';
import { reachableFolder } from './reachable-folder';
import { runProgram } from './run-program';

/** The servers that this package can start. */
export type ServerKind = 'postgres' | 'mariadb' | 'redis';

interface State {
  readonly kind: ServerKind;
  /** Written last: a folder without it is a first start that died half-way, and is begun again. */
  readonly isComplete: boolean;
}

/**
 * What one server keeps on disk:
 * `data/` (the server's own), `password`, `server.log`, `lock.json` (who runs it) and `state.json`.
 */
export class DataFolder {
  readonly data: string;
  readonly logFile: string;
  readonly passwordFile: string;
  private readonly lockFile: string;
  private isHeld = false;

  private constructor(
    readonly dataDir: string,
    private readonly home: string,
    private readonly kind: ServerKind,
    readonly account: Account | undefined,
  ) {
    this.data = join(home, 'data');
    this.logFile = join(home, 'server.log');
    this.passwordFile = join(home, 'password');
    this.lockFile = join(home, 'lock.json');
  }

  /** Opens the folder `dataDir`, making it if need be, without taking hold of it yet. */
  static async open(dataDir: string, kind: ServerKind): Promise<DataFolder> {
    const path = resolve(dataDir);
    const account = serverAccount();
    try {
      return new DataFolder(path, await reachableFolder(path, account), kind, account);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  /** Takes hold of the folder for this process. Throws when another process, or another server here, holds it. */
  async hold(): Promise<void> {
    if (this.isHeld) return;
    try {
      await lockDataFolder(this.lockFile, this.dataDir);
      this.isHeld = true;
    } catch (error) {
      throw unusable(this.dataDir, error);
    }
  }

  /** Gives the folder up for another process to use. */
  async release(): Promise<void> {
    if (!this.isHeld) return; // It may be another's by now.
    this.isHeld = false;
    await unlockDataFolder(this.lockFile);
  }

  /** Runs `initialise` on an empty `data` folder and with a new password, unless a former start has completed it. */
  async prepare(initialise: (password: string) => Promise<void>): Promise<string> {
    const state = await this.readState();
    await this.refuseForeign(state);
    if (state?.isComplete) {
      await this.giveToAccount();
      return readFile(this.passwordFile, 'utf8');
    }
    await this.writeState({ kind: this.kind, isComplete: false });
    await rm(this.data, { recursive: true, force: true });
    await this.ensureFolder('data');
    const password = randomBytes(18).toString('base64url');
    await this.writeFile(this.passwordFile, password);
    await initialise(password);
    await this.writeState({ kind: this.kind, isComplete: true });
    return password;
  }

  /** Writes a file that only the server's account (and we) can read, and returns its path. */
  async writeFile(name: string, text: string): Promise<string> {
    const file = resolve(this.home, name);
    await rm(file, { force: true });
    await writeFile(file, text, { mode: 0o600 });
    await chmod(file, 0o600);
    await this.give(file);
    return file;
  }

  /** Makes sure of a folder beside `data` that only the server's account can enter, and returns its path. */
  async ensureFolder(name: string): Promise<string> {
    const path = join(this.home, name);
    await mkdir(path, { mode: 0o700, recursive: true });
    await this.give(path);
    return path;
  }

  private async give(path: string): Promise<void> {
    if (this.account) await chown(path, this.account.uid, this.account.gid);
  }

  /** A folder begun by an ordinary user and now used by root: the server's account needs all of it. */
  private async giveToAccount(): Promise<void> {
    if (!this.account || (await stat(this.data)).uid === this.account.uid) return;
    const owner = `${String(this.account.uid)}:${String(this.account.gid)}`;
    await runProgram({ path: 'chown' }, ['-R', owner, this.data, this.passwordFile]);
  }

  private async readState(): Promise<State | undefined> {
    try {
      return JSON.parse(await readFile(join(this.home, 'state.json'), 'utf8')) as State;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw unusable(this.dataDir, error);
    }
  }

  private async writeState(state: State): Promise<void> {
    const file = join(this.home, 'state.json');
    await writeFile(`${file}.new`, JSON.stringify(state));
    await rename(`${file}.new`, file);
  }

  private async refuseForeign(state: State | undefined): Promise<void> {
    if (state && state.kind !== this.kind) {
      throw unusable(
        this.dataDir,
        new Error(`it holds the data of ${state.kind}, not of ${this.kind}`),
      );
    }
    if (!state && (await pathExists(this.data))) {
      throw unusable(this.dataDir, new Error('it has a folder "data" that Tenon did not make'));
    }
  }
}

function unusable(dataDir: string, cause: unknown): DataDirError {
  if (cause instanceof DataDirError) return cause;
  const cure = hasCode(cause, 'EACCES', 'EPERM')
    ? 'It belongs to another user: run as that user, remove it, or choose another dataDir.'
    : 'Choose another dataDir, or remove this one if its data is not needed.';
  return new DataDirError(
    'TENON_DATA_DIR_UNUSABLE',
    `${dataDir} cannot be used: ${messageOf(cause)}. ${cure}`,
    {
      cause,
    },
  );
}
