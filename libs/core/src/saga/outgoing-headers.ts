/** The headers by which a call tells the service that it asks what it needs to know. */
export const OUTGOING_HEADER_NAMES = {
  idempotencyKey: 'idempotency-key',
  /** Whole milliseconds that the caller will still wait: what is done later is done for nobody. */
  remainingMs: 'tenon-remaining-ms',
} as const;

/** What a handler sends along with a request: `fetch(url, { signal: ctx.signal, headers: ctx.outgoingHeaders })`. Pure. */
export function outgoingHeaders(
  idempotencyKey: string,
  remainingMs: number,
): Readonly<Record<string, string>> {
  return {
    [OUTGOING_HEADER_NAMES.idempotencyKey]: encodeURI(idempotencyKey),
    [OUTGOING_HEADER_NAMES.remainingMs]: String(Math.max(0, Math.floor(remainingMs))),
  };
}
