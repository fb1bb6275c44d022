import type { FaultPoint } from '@tenon/core';
import type { EngineCounters } from '@tenon/engine';
import type { Queue } from '../place/place';

/** What an instance needs to know before it begins. It comes over IPC, so that no password stands in a command line. */
export interface InstanceSettings {
  readonly databaseUrl: string;
  readonly queue: Queue;
  readonly workerName: string;
  readonly sessionMs: number;
  readonly requeueMs: number;
  readonly chunkSizeMax: number;
  /** Handlers that run at a time, each on a connection of its own. */
  readonly callMax: number;
}

/** Stop at the `hits`-th time that `point` is passed from now on. */
export interface Fault {
  readonly point: FaultPoint;
  readonly hits: number;
}

/** From the demo to an instance. */
export type ToInstance =
  | { readonly kind: 'begin'; readonly settings: InstanceSettings }
  | { readonly kind: 'arm'; readonly fault: Fault }
  | { readonly kind: 'disarm' }
  | { readonly kind: 'end' };

/** From an instance to the demo. */
export type FromInstance =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'counters'; readonly counters: EngineCounters }
  /** It stands still at the point it was armed for. */
  | { readonly kind: 'reached'; readonly point: FaultPoint; readonly counters: EngineCounters }
  | { readonly kind: 'failed'; readonly reason: string };
