import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SettingError } from '../database/database-url';

/** An import may take its time; a connection that has sent no whole request head for long is cut. */
const REQUEST_MS_MAX = 3_600_000;
const HEAD_MS_MAX = 30_000;
const KEEP_ALIVE_MS = 5_000;

/**
 * The HTTP server of the process. It listens before the application has booted, and goes on until every request is
 * answered: what answers is told with {@link Listener.serve}.
 */
export class Listener {
  private isClosing = false;

  private constructor(
    private readonly server: Server,
    private handler: RequestListener,
  ) {}

  /** @throws SettingError when the port is not to be had */
  static async open(port: number, host: string, first: RequestListener): Promise<Listener> {
    const server = createServer({
      requestTimeout: REQUEST_MS_MAX,
      headersTimeout: HEAD_MS_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    const listener = new Listener(server, first);
    server.on('request', (request, response) => {
      listener.handle(request, response);
    });
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new SettingError(
        `Nothing can listen at ${host}:${port} (${code}). Choose another PORT or HOST.`,
        { cause: error },
      );
    }
    return listener;
  }

  /** For people. */
  get url(): string {
    const { address, port, family } = this.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** From the next request on, `handler` answers. */
  serve(handler: RequestListener): void {
    this.handler = handler;
  }

  /** Takes no connection any more, and resolves when every request is answered, or cut off after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    if (!this.server.listening) return;
    this.isClosing = true;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeIdleConnections();
    const cut = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(cut);
  }

  private handle: RequestListener = (request, response) => {
    // A client that keeps its connection would have its next request cut off.
    response.once('close', () => {
      if (this.isClosing) this.server.closeIdleConnections();
    });
    if (this.isClosing) response.setHeader('connection', 'close');
    this.handler(request, response);
  };
}
