import type { DataSource } from 'typeorm';
import { transfer } from './transfer.saga';

/** How far the transfers in a database have come. */
export interface Standing {
  readonly orders: number;
  /** Ended: completed, compensated, killed, or dead on arrival. */
  readonly ended: number;
  /** Live ones that wait for a person: paused, or behind a paused one of their account. */
  readonly stuck: number;
}

/** What became of all transfers, and of the money. */
export interface Outcome {
  readonly orders: number;
  readonly completed: number;
  /** By the reason of the refusal. */
  readonly compensated: ReadonlyMap<string, number>;
  readonly paused: number;
  /** Neither ended nor paused. */
  readonly open: number;
  /** Killed by a person, or never begun because their markers could not be read. */
  readonly dead: number;
  readonly accounts: number;
  readonly openingTotal: string;
  readonly balancesTotal: string;
  readonly reservedTotal: string;
  readonly bookedTotal: string;
  /** Sagas without the ledger entries that their state and amount ask for. */
  readonly sagasAmiss: number;
  /** Ledger entries that no completed saga made. */
  readonly entriesAmiss: number;
  /** Accounts whose balance is not what they began with less what the ledger says they paid. */
  readonly accountsAmiss: number;
}

/** How quick it was, by the database's clock, from the first commit of an order to the end of the last. */
export interface Pace {
  readonly seconds: number;
  /** From the commit of an order to the end of its saga, in milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

/** Looks from outside, in plain SQL, at what the engine and the handlers have written. */
export class Census {
  private readonly dialect: Dialect;

  constructor(private readonly dataSource: DataSource) {
    this.dialect = DIALECTS[dataSource.options.type === 'postgres' ? 'postgres' : 'mysql'];
  }

  async standing(): Promise<Standing> {
    const rows = await this.rows<{ status: string; n: unknown }>(
      `SELECT status, count(*) AS n FROM op_log WHERE op_type = ${TYPE} GROUP BY status`,
    );
    const count = (...statuses: readonly string[]): number =>
      rows
        .filter((row) => statuses.includes(row.status))
        .reduce((sum, row) => sum + Number(row.n), 0);
    return {
      orders: rows.reduce((sum, row) => sum + Number(row.n), 0),
      ended: count('done', 'dead'),
      stuck: (await this.number(PAUSED)) === 0 ? 0 : await this.number(STUCK),
    };
  }

  async outcome(): Promise<Outcome> {
    const { orders } = await this.standing();
    const sagas = await this.rows<{ state: string; reason: string | null; n: unknown }>(
      `SELECT state, reason, count(*) AS n FROM saga WHERE type = ${TYPE} GROUP BY state, reason`,
    );
    const count = (state: string): number =>
      sagas.filter((row) => row.state === state).reduce((sum, row) => sum + Number(row.n), 0);
    const compensated = sagas
      .filter((row) => row.state === 'compensated')
      .map((row): [string, number] => [row.reason ?? 'no reason', Number(row.n)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const dead = await this.number(
      `SELECT count(*) AS n FROM op_log o WHERE op_type = ${TYPE} AND (status = 'dead' OR
        EXISTS (SELECT 1 FROM saga s WHERE s.id = o.id AND s.state = 'killed'))`,
    );
    const [completed, paused] = [count('completed'), count('paused')];
    const [money] = await this.rows<Record<string, unknown>>(
      `SELECT count(*) AS accounts, coalesce(sum(opening_balance), 0.00) AS opening,
        coalesce(sum(balance), 0.00) AS balances, coalesce(sum(reserved), 0.00) AS reserved,
        (SELECT coalesce(sum(amount), 0.00) FROM ledger_entry) AS booked FROM account`,
    );
    return {
      orders,
      completed,
      compensated: new Map(compensated),
      paused,
      dead,
      open: orders - completed - count('compensated') - paused - dead,
      accounts: Number(money?.accounts),
      openingTotal: String(money?.opening),
      balancesTotal: String(money?.balances),
      reservedTotal: String(money?.reserved),
      bookedTotal: String(money?.booked),
      sagasAmiss: await this.number(this.sagasAmiss()),
      entriesAmiss: await this.number(ENTRIES_AMISS),
      accountsAmiss: await this.number(ACCOUNTS_AMISS),
    };
  }

  /** The largest id of a marker so far: what comes behind it is new. */
  async lastId(): Promise<string> {
    const [row] = await this.rows<{ id: unknown }>('SELECT coalesce(max(id), 0) AS id FROM op_log');
    return String(row?.id);
  }

  /** Of the transfers behind `lastId` that have ended. */
  async pace(lastId: string): Promise<Pace> {
    // `lastId` is a number that the database gave us.
    const ended = `op_type = ${TYPE} AND finished_at IS NOT NULL AND id > ${lastId}`;
    const msBetween = (from: string, to: string): string => this.dialect.msBetween(from, to);
    const [span] = await this.rows<{ n: unknown; ms: unknown }>(
      `SELECT count(*) AS n, ${msBetween('min(created_at)', 'max(finished_at)')} AS ms FROM op_log WHERE ${ended}`,
    );
    const orders = Number(span?.n);
    const percentile = async (share: number): Promise<number> => {
      if (orders === 0) return 0;
      const offset = Math.ceil(share * orders) - 1;
      return this.number(
        `SELECT ${msBetween('created_at', 'finished_at')} AS n FROM op_log WHERE ${ended}
          ORDER BY n LIMIT 1 OFFSET ${offset}`,
      );
    };
    return {
      seconds: Number(span?.ms ?? 0) / 1000,
      latencyMs: { p50: await percentile(0.5), p99: await percentile(0.99) },
    };
  }

  private sagasAmiss(): string {
    const owed = `CAST(${this.dialect.text('o.payload', 'amount')} AS DECIMAL(18,2))`;
    return `SELECT count(*) AS n FROM saga s JOIN op_log o ON o.id = s.id
      LEFT JOIN (SELECT saga_id, count(*) AS n, sum(amount) AS amount FROM ledger_entry GROUP BY saga_id) e
        ON e.saga_id = s.id
      WHERE s.type = ${TYPE} AND (
        (s.state = 'completed' AND (e.n IS NULL OR e.n <> 1 OR e.amount <> ${owed}))
        OR (s.state <> 'completed' AND e.n IS NOT NULL))`;
  }

  private async number(sql: string): Promise<number> {
    const [row] = await this.rows<{ n: unknown }>(sql);
    return Number(row?.n);
  }

  private async rows<Row>(sql: string): Promise<readonly Row[]> {
    return this.dataSource.query<readonly Row[]>(sql);
  }
}

const TYPE = `'${transfer.type}'`;

const PAUSED = `SELECT count(*) AS n FROM saga WHERE type = ${TYPE} AND state = 'paused'`;

const STUCK = `SELECT count(*) AS n FROM op_log o
  WHERE o.op_type = ${TYPE} AND o.status IN ('pending', 'parked', 'taken') AND EXISTS (
    SELECT 1 FROM saga s JOIN op_log p ON p.id = s.id
    WHERE s.state = 'paused' AND (p.id = o.id OR (p.op_key = o.op_key AND o.status <> 'taken')))`;

const ENTRIES_AMISS = `SELECT count(*) AS n FROM ledger_entry e
  WHERE NOT EXISTS (SELECT 1 FROM saga s WHERE s.id = e.saga_id AND s.state = 'completed')`;

const ACCOUNTS_AMISS = `SELECT count(*) AS n FROM account a
  LEFT JOIN (SELECT account_id, sum(amount) AS paid FROM ledger_entry GROUP BY account_id) e ON e.account_id = a.id
  WHERE a.balance <> a.opening_balance - coalesce(e.paid, 0) OR a.reserved <> 0`;

/** The two things that the dialects say differently. */
interface Dialect {
  /** The text of a field of a JSON column. */
  text(column: string, field: string): string;
  msBetween(from: string, to: string): string;
}

const DIALECTS: Readonly<Record<'postgres' | 'mysql', Dialect>> = {
  postgres: {
    text: (column, field) => `${column} ->> '${field}'`,
    msBetween: (from, to) => `1000 * extract(epoch FROM ${to} - ${from})`,
  },
  mysql: {
    text: (column, field) => `JSON_UNQUOTE(JSON_EXTRACT(${column}, '$.${field}'))`,
    msBetween: (from, to) => `TIMESTAMPDIFF(MICROSECOND, ${from}, ${to}) / 1000`,
  },
};
