import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Passes connections on to a server, until it swallows what comes over those that it has. New ones are passed on. */
export class MutingProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    targetPort: number,
  ) {
    server.on('connection', (near) => {
      const far = connect(targetPort, '127.0.0.1');
      this.pairs.add([near, far]);
      near.on('error', () => far.destroy()).pipe(far);
      far.on('error', () => near.destroy()).pipe(near);
    });
  }

  static async start(targetPort: number): Promise<MutingProxy> {
    const server = createServer();
    const proxy = new MutingProxy(server, targetPort);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** As a firewall that has forgotten its connections. */
  mute(): void {
    for (const pair of this.pairs) {
      for (const socket of pair) socket.unpipe().resume();
    }
  }

  stop(): void {
    for (const pair of this.pairs) {
      for (const socket of pair) socket.destroy();
    }
    this.server.close();
  }
}
