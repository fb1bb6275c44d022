import { connect } from 'node:net';

/** A readiness question: what a client says first, and whether the server's first answer means that it serves. */
export interface Probe {
  readonly greeting: Buffer | string;
  isServing(answer: Buffer): boolean;
}

/**
 * Asks the server on `port` of 127.0.0.1. Nobody listening, no answer within a second, or an answer that says
 * "not yet": false.
 */
export function isServing(port: number, probe: Probe): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => {
      finish(false);
    });
    socket.once('error', () => {
      finish(false);
    });
    socket.once('close', () => {
      finish(false);
    });
    socket.once('connect', () => socket.write(probe.greeting));
    socket.once('data', (answer: Buffer) => {
      finish(probe.isServing(answer));
    });
  });
}
