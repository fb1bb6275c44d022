// First: what follows imports what it builds.
import './build-libraries';

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SERVERS, SERVERS_VARIABLE, type ServersInfo } from './server-names';
import { TestServers } from './test-servers';

declare global {
  var stopTestServers: (() => Promise<void>) | undefined;
}

/**
 * Runs once before all tests, in a process of its own. Test files run in others, so they ask for servers over HTTP;
 * `index.ts` beside this file is how.
 */
export default async function globalSetup(): Promise<void> {
  const servers = await TestServers.prepare();
  // The answers hold passwords, and other users of this machine can ask too.
  const path = `/${randomUUID()}/`;
  const desk = createServer((request, response) => {
    const name = SERVERS.find((server) => request.url === path + server);
    if (!name) return response.writeHead(404).end();
    servers.url(name).then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
    return undefined;
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  const { port } = desk.address() as AddressInfo;
  const info: ServersInfo = {
    startUrl: `http://127.0.0.1:${port}${path}`,
    missing: servers.missing,
  };
  process.env[SERVERS_VARIABLE] = JSON.stringify(info);
  globalThis.stopTestServers = async () => {
    desk.close();
    await servers.stop();
  };
}
