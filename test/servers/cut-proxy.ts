import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * What is lost when a connection is cut at a message of the client:
 * - `answer`: the server carries the message out, to the end, and its answer reaches nobody
 * - `request`: the message never reaches the server
 *
 * To the client both look the same.
 */
export type Lost = 'answer' | 'request';

/** A way to a server whose connections can be cut at a message. */
export interface CutProxy {
  /** The server's URL, by way of the proxy. */
  readonly url: string;
  /** How many connections were cut so far. */
  readonly cuts: number;
  /** From now on cuts every connection at a message that `isMet`; it is asked once for each piece that a client sends. */
  cut(lost: Lost, isMet: (message: string) => boolean): void;
  /** Cuts nothing more. */
  heal(): void;
  close(): Promise<void>;
}

/** Opens a proxy before the server that `serverUrl` names. */
export async function cutProxy(serverUrl: string): Promise<CutProxy> {
  const url = new URL(serverUrl);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  let cutting: Parameters<CutProxy['cut']> | undefined;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    let isMuted = false;
    client.on('data', (data) => {
      const [lost, isMet] = cutting ?? [];
      if (lost === undefined || isMuted || isMet?.(data.toString('latin1')) !== true) {
        upstream.write(data);
        return;
      }
      cuts += 1;
      isMuted = true;
      if (lost === 'answer') upstream.write(data);
      else upstream.destroy();
    });
    upstream.on('data', (data) => {
      // The first piece of the answer: the server has all of the message. It notices this end when it has carried it out.
      if (isMuted) upstream.end();
      else client.write(data);
    });
    upstream.on('end', () => client.end());
    upstream.on('close', () => client.destroy());
    client.on('end', () => upstream.end());
    client.on('close', () => upstream.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.toString(),
    get cuts() {
      return cuts;
    },
    cut: (...at) => {
      cutting = at;
    },
    heal: () => {
      cutting = undefined;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
