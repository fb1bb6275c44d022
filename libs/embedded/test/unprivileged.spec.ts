// Goal: servers start for root, whose folders others may not enter, and never run as root.
// Method: as root, start them under a folder of mode 0700; look whose processes they are, and where the data is.
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { removeDataDir } from '@tenon/embedded';
import { describeIf, testFolder } from '../../../test/servers';
import { KINDS, SERVERS } from './clients';

const isRoot = process.getuid?.() === 0;

describe.each(['postgres', 'mariadb', 'redis'] as const)('started by root, %s', (name) => {
  describeIf(SERVERS[name], isRoot ? 'as nobody' : 'as nobody [be root]', () => {
    const asRoot = isRoot ? it : it.skip;
    asRoot('runs, also in a folder that nobody can enter', async () => {
      const folder = await testFolder();
      const locked = join(folder.path, 'locked');
      await mkdir(locked);
      await chmod(locked, 0o700);
      const dataDir = join(locked, name);
      const kind = KINDS[name];

      const server = await kind.start({ dataDir });
      expect(statSync(`/proc/${server.pid}`).uid).toBe(65534);
      await kind.write(server.url, 'kept');
      await server.stop();
      const again = await kind.start({ dataDir });
      expect(await kind.read(again.url)).toBe('kept');
      await again.stop();

      expect(await readdir(dataDir)).toEqual(['elsewhere']);
      const standIn = join(again.logFile, '..');
      await removeDataDir(dataDir);
      expect([existsSync(dataDir), existsSync(standIn)]).toEqual([false, false]);
      await folder.remove();
    });
  });
});
