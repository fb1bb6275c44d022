import { DataSource } from 'typeorm';
import { connectionOptions } from '../src/database/data-source';
import { DatabaseUrl } from '../src/database/database-url';
import { brokenChains } from '../../../test/broken-chains';

/** What a demo has left in its database, looked at with nothing but SQL. */
export class Remains {
  private constructor(private readonly dataSource: DataSource) {}

  static async of(url: string): Promise<Remains> {
    const options = connectionOptions(DatabaseUrl.parse(url, 'The test database'));
    return new Remains(await new DataSource(options).initialize());
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }

  async query<Row>(sql: string): Promise<readonly Row[]> {
    return this.dataSource.query<Row[]>(sql);
  }

  async number(sql: string): Promise<number> {
    const [row] = await this.query<{ n: unknown }>(sql);
    return Number(row?.n);
  }

  /** Sagas whose history has a gap, an illegal move, or another end than the saga's state. */
  brokenChains(): Promise<readonly string[]> {
    return brokenChains((sql) => this.query(sql));
  }

  /** How much of the work each instance did. One that was killed and started again is the same one. */
  async transitionsByInstance(): Promise<readonly { readonly name: string; readonly n: number }[]> {
    const rows = await this.query<{ worker: string; n: unknown }>(
      'SELECT w.worker, count(*) AS n FROM saga_transition t JOIN worker_session w ON w.id = t.session_id GROUP BY w.worker',
    );
    const counts = new Map<string, number>();
    for (const { worker, n } of rows) {
      const name = worker.replace(/:\d+$/, '');
      counts.set(name, (counts.get(name) ?? 0) + Number(n));
    }
    return [...counts].sort().map(([name, n]) => ({ name, n }));
  }

  /** Effects that happened more than once. */
  async doubleEffects(): Promise<readonly unknown[]> {
    return this.query(
      'SELECT saga_id, branch, phase, count(*) AS n FROM effect_ledger GROUP BY saga_id, branch, phase HAVING count(*) > 1',
    );
  }

  /** Accounts of which one order began before the one in front of it had ended. */
  async accountsOutOfOrder(): Promise<readonly string[]> {
    const rows = await this.query<{ account: string; saga: string }>(
      'SELECT op_key AS account, saga_id AS saga FROM effect_ledger ORDER BY id',
    );
    const current = new Map<string, bigint>();
    const wrong = new Set<string>();
    for (const { account, saga } of rows) {
      // Ids were given in the order in which the orders were handed in.
      if ((current.get(account) ?? 0n) > BigInt(saga)) wrong.add(account);
      current.set(account, BigInt(saga));
    }
    return [...wrong];
  }
}
