import type { QueryRunner } from 'typeorm';
import { handlerError } from './handler-error';

/** What the engine itself still sends by way of the runner once the handler has answered. */
const ENDING = /^(COMMIT|ROLLBACK|RELEASE SAVEPOINT)\b/;

/**
 * What a handler sends through the runner of its transaction. One that fails out of a `Promise.all`, or forgets an `await`,
 * may have more to send when it has answered: behind COMMIT or ROLLBACK, on the same connection, each such statement would
 * commit by itself, with no fence.
 */
export class HandlerQueries {
  private readonly underWay = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(runner: QueryRunner) {
    const query = runner.query.bind(runner) as (...given: unknown[]) => Promise<unknown>;
    const guarded = (...given: unknown[]): Promise<unknown> => {
      if (this.isClosed && !ENDING.test(String(given[0])))
        return Promise.reject(handlerError('went on after it had answered'));
      const answer = query(...given);
      this.underWay.add(answer);
      const forget = (): unknown => this.underWay.delete(answer);
      answer.then(forget, forget);
      return answer;
    };
    runner.query = guarded as QueryRunner['query'];
  }

  /** Lets nothing more through, and waits until what was let through is answered. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled([...this.underWay]);
  }
}
