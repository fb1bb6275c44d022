import type { Json } from '../json';

/** An operation to be appended: what `TenonClient.append` takes. */
export interface Operation {
  /** The saga type that carries it out. */
  readonly type: string;
  /** Operations with the same key run one after another. Default: none. At most {@link KEY_BYTES_MAX} bytes. */
  readonly key?: string | null;
  readonly payload: unknown;
}

/** Options of an append. */
export interface AppendOptions {
  /** A second append of the same operation type with this key makes no second operation. At most {@link KEY_BYTES_MAX} bytes. */
  readonly idempotencyKey?: string;
  /** What a second append answers: the first one's id (`return`, the default), or a DuplicateError (`reject`). */
  readonly onDuplicate?: 'return' | 'reject';
  /** Not before this many milliseconds after the append, by the database's clock. Default 0. */
  readonly delayMs?: number;
  /** Not before this instant, by the database's clock. Not together with `delayMs`. */
  readonly dueAt?: Date;
  /** Among due operations of one type `high` ones are taken in first, `low` ones last. Default `normal`. */
  readonly priority?: Priority;
  /**
   * The saga turns back when it has not been decided this many milliseconds after the append, by the database's clock.
   * Default: never. At most 365 days.
   */
  readonly deadlineMs?: number;
}

export const PRIORITIES = ['low', 'normal', 'high'] as const;
export type Priority = (typeof PRIORITIES)[number];
/** As they stand in `op_log.priority`. */
export const PRIORITY_NUMBERS = { low: -1, normal: 0, high: 1 } as const satisfies Record<
  Priority,
  number
>;
/** W3C `traceparent`, and `tracestate` behind a comma where there is one, at most this many characters. */
export const TRACE_CONTEXT_LENGTH_MAX = 512;

/** A checked draft of a marker: what a store inserts. */
export interface NewMarker {
  readonly type: string;
  readonly key: string | null;
  /** JSON text. */
  readonly payload: string;
  readonly idempotencyKey: string | null;
  readonly delayMs: number;
  readonly dueAt: Date | null;
  readonly priority: (typeof PRIORITY_NUMBERS)[Priority];
  readonly deadlineMs: number | null;
  readonly traceContext: string | null;
}

/** What an append answers. */
export interface AppendedMarker {
  /** The id of the marker and of its saga: they are the same. */
  readonly id: string;
  /** True when an earlier append had the same idempotency key; nothing was written. */
  readonly isDuplicate: boolean;
}

/** Keys and idempotency keys are compared byte by byte and hold at most this many bytes of UTF-8. */
export const KEY_BYTES_MAX = 190;
export const TYPE_LENGTH_MAX = 100;

/** A payload as it comes back from the store. */
export type Payload = Json;
