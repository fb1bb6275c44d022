import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A way to a server that can be cut: behind a statement that was still delivered, or for good. */
export interface CutProxy {
  readonly port: number;
  /** The next client message that holds `text` reaches the server; its answer reaches nobody. */
  cutBehind(text: string): void;
  close(): Promise<void>;
}

export async function cutProxy(host: string, port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let cutText: string | undefined;
  const server = createServer((client) => {
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => {
      upstream.write(data);
      if (cutText === undefined || !data.includes(cutText)) return;
      cutText = undefined;
      upstream.removeAllListeners('data');
      upstream.resume();
      client.destroy();
    });
    upstream.on('data', (data) => client.write(data));
    upstream.on('end', () => client.end());
    client.on('end', () => upstream.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cutBehind: (text) => {
      cutText = text;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
