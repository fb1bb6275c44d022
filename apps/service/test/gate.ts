import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A port that leads to a server while it is open. */
export class Gate {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly target: string) {}

  /** The server's URL, by way of the port, on which nobody listens yet. */
  async url(): Promise<string> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    this.port = (probe.address() as { port: number }).port;
    probe.close();
    await once(probe, 'close');
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    return url.toString();
  }

  async open(): Promise<void> {
    const { hostname, port, protocol } = new URL(this.target);
    const usualPort = protocol.startsWith('postgres') ? 5432 : 3306;
    this.server = createServer((client) => {
      const server = connect(Number(port || usualPort), hostname);
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => this.sockets.delete(socket));
      }
    }).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Breaks what goes through, and leads nowhere any more. */
  async close(): Promise<void> {
    const { server } = this;
    if (!server?.listening) return;
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(server, 'close');
  }
}
