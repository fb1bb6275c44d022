import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Host, process and a random part: process ids come again, histories stay. */
export function defaultWorkerName(): string {
  return `${hostname().slice(0, 100)}:${process.pid}:${randomBytes(3).toString('hex')}`;
}
