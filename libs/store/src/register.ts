import type { EntityManager, QueryRunner } from 'typeorm';

declare module '@tenon/core' {
  interface Register {
    /** What a transactional handler gets as `ctx.tx`. */
    tx: EntityManager;
    /** What `start(tx, …)` and `append(tx, …)` take. */
    callerTx: EntityManager | QueryRunner;
  }
}
