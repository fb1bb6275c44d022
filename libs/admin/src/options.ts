import type { Json, Payload } from '@tenon/core';

/** Options of the admin API. All may be left out. */
export interface AdminOptions {
  /** What operators see of an operation's payload. Default: all of it. */
  readonly showPayload?: (operation: ShownOperation) => unknown;
  /**
   * Types whose payloads and step results are shown to nobody. Messages of errors are shown: keep secrets out of them.
   * Default none.
   */
  readonly secretTypes?: readonly string[];
  /** How long a key that was found is believed without another look, in milliseconds. Default and at most 1,000. */
  readonly keyCacheMs?: number;
}

/** An operation whose payload is about to be shown. */
export interface ShownOperation {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly payload: Payload;
}

/** What stands in the place of a payload or result of a secret type. */
export const MASKED: Json = '[secret]';
export const KEY_CACHE_MS_MAX = 1_000;

/** Nest's token of the resolved options. */
export const ADMIN_OPTIONS = Symbol('TENON_ADMIN_OPTIONS');

export interface ResolvedAdminOptions {
  readonly showPayload: (operation: ShownOperation) => unknown;
  readonly secretTypes: ReadonlySet<string>;
  readonly keyCacheMs: number;
}

export function resolveAdminOptions(options: AdminOptions): ResolvedAdminOptions {
  return {
    showPayload: options.showPayload ?? (({ payload }) => payload),
    secretTypes: new Set(options.secretTypes),
    keyCacheMs: Math.max(0, Math.min(options.keyCacheMs ?? KEY_CACHE_MS_MAX, KEY_CACHE_MS_MAX)),
  };
}
