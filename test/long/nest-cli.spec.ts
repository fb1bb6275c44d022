// Goal: Nest's own command line works on this repository.
// Method: build the service with it, and let it say what it would generate.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

const root = join(__dirname, '..', '..');

async function nest(...args: readonly string[]): Promise<string> {
  const cli = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: root });
  return stripVTControlCharacters(stdout);
}

describe('the Nest CLI', () => {
  it('builds the service', async () => {
    const main = join(root, 'dist', 'apps', 'service', 'src', 'main.js');
    await rm(main, { force: true });
    await nest('build', 'service');
    expect(existsSync(main)).toBe(true);
  });

  it('generates a module into the service', async () => {
    const said = await nest('generate', 'module', 'billing', '--project', 'service', '--dry-run');
    expect(said).toContain('CREATE apps/service/src/billing/billing.module.ts');
    expect(said).toContain('UPDATE apps/service/src/service.module.ts');
  });
});
