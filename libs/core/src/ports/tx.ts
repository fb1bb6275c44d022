/**
 * Filled in by the store that a program uses, through declaration merging, so that `ctx.tx` and `start(tx, …)` have the
 * right type with no cast: `@tenon/store` declares `tx: EntityManager` and `callerTx: EntityManager | QueryRunner`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- empty on purpose: a store merges its type in
export interface Register {}

/** The type of the local transaction that a handler is given. */
export type Tx = Register extends { tx: infer T } ? T : unknown;

/** What a caller may hand in as the transaction that it has opened itself: a handler's kind, or others the store takes. */
export type CallerTx = Register extends { callerTx: infer T } ? T : Tx;
