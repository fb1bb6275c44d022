/**
 * Filled in by the store that a program uses, through declaration merging, so that `ctx.tx` and `start(tx, …)` have the
 * right type with no cast: `@tenon/store` declares `tx: EntityManager`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- empty on purpose: a store merges its type in
export interface Register {}

/** The type of a local transaction of the store in use. */
export type Tx = Register extends { tx: infer T } ? T : unknown;
