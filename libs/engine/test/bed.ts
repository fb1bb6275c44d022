import type { SagaDefinition, SagaReport } from '@tenon/core';
import { Engine, type EngineOptions } from '@tenon/engine';
import { inProcessDispatcher, InProcessQueue } from '@tenon/testing';
import type { DataSource, EntityManager } from 'typeorm';

import { testDatabase, type SqlServerName } from '../../../test/servers';
import { connect, storeOn } from './connect';
import { eventually } from './eventually';
import { make, type Work } from './handlers';

/** The servers that what matters is shown on. */
export const DATABASES = ['postgres18', 'mariadb'] as const satisfies readonly SqlServerName[];

/** What an engine on the bed is given besides its store, dispatcher and logger. */
export type BedEngineOptions = Partial<EngineOptions>;

/** A database with engines on it. */
export interface Bed {
  readonly url: string;
  readonly dataSource: DataSource;
  /** Shared by all engines of the bed that are not given a dispatcher of their own. */
  readonly queue: InProcessQueue;
  /** What the engines said to people. */
  readonly log: string[];
  /** Makes an engine that can run `sagas`, and starts it. */
  start(sagas: readonly SagaDefinition[], options?: BedEngineOptions): Promise<Engine>;
  /** Makes an engine that is not started. */
  engine(sagas: readonly SagaDefinition[], options?: BedEngineOptions): Engine;
  /** Appends in a transaction of its own, and answers the id. */
  append(engine: Engine, saga: SagaDefinition<Work>, input?: Work): Promise<string>;
  /** Waits until the saga is in `state`, and answers what is known of it. */
  reaches(engine: Engine, id: string, state: string, withinMs?: number): Promise<SagaReport>;
  /** Waits until no marker is under way any more. */
  isDone(withinMs?: number): Promise<void>;
  /** The names of the effects of a saga (or of all), in the order in which they were written. */
  effects(sagaId?: string): Promise<readonly string[]>;
  rows<Row>(query: string): Promise<readonly Row[]>;
  count(query: string): Promise<number>;
  /** Stops the engines and empties the tables. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const TABLES = [
  ...['op_log', 'saga', 'saga_transition', 'saga_fence', 'worker_session', 'repair_run', 'effect'],
];

/** Makes a database on one of the shared test servers. */
export async function openBed(server: SqlServerName): Promise<Bed> {
  const database = await testDatabase(server);
  const bed = await makeBed(database.url);
  return {
    ...bed,
    close: async () => {
      await bed.close();
      await database.drop();
    },
  };
}

/** Makes a bed of an empty database. */
export async function makeBed(url: string): Promise<Bed> {
  const dataSource = await connect(url);
  await dataSource.query(
    `CREATE TABLE effect (
       id ${dataSource.options.type === 'postgres' ? 'bigserial' : 'bigint AUTO_INCREMENT'} PRIMARY KEY,
       saga_id bigint, op_key varchar(190), name varchar(190)
     )`,
  );
  await storeOn(dataSource).migrate();
  const engines: Engine[] = [];
  const log: string[] = [];
  const say = (line: string): void => void log.push(line);
  const queue = new InProcessQueue();
  const rows = async <Row>(query: string): Promise<readonly Row[]> =>
    dataSource.query<readonly Row[]>(query);
  const count = async (query: string): Promise<number> =>
    Number((await rows<{ n: string }>(`SELECT count(*) AS n FROM ${query}`))[0]?.n);

  const bed: Bed = {
    ...{ url, dataSource, queue, log, rows, count },
    engine(sagas, options = {}) {
      const engine = new Engine(
        {
          store: storeOn(dataSource),
          dispatcher: inProcessDispatcher(queue),
          logger: { log: say, warn: say, error: say },
          shutdownGraceMs: 2_000,
          ...options,
        },
        `engine${engines.length + 1}`,
      );
      for (const saga of sagas) engine.registry.add(saga);
      engines.push(engine);
      return engine;
    },
    async start(sagas, options) {
      const engine = bed.engine(sagas, options);
      await engine.start(make);
      return engine;
    },
    append: (engine, saga, input = {}) =>
      dataSource.transaction(async (tx: EntityManager) => {
        const { id } = await engine.client.start(tx, saga, input);
        return id;
      }),
    reaches: async (engine, id, state, withinMs) => {
      let last: SagaReport | null = null;
      const look = async (): Promise<SagaReport | null> => {
        last = await engine.client.find(id);
        return last?.state === state ? last : null;
      };
      return eventually(`saga ${id} is ${state}`, look, withinMs, () => describe(last, log));
    },
    isDone: async (withinMs) => {
      await eventually(
        'every marker is done',
        async () => (await count(`op_log WHERE status IN ('pending', 'parked', 'taken')`)) === 0,
        withinMs,
      );
    },
    effects: async (sagaId) => {
      const where = sagaId === undefined ? '' : `WHERE saga_id = ${sagaId}`;
      const found = await rows<{ name: string }>(`SELECT name FROM effect ${where} ORDER BY id`);
      return found.map(({ name }) => name);
    },
    clear: async () => {
      await Promise.all(engines.splice(0).map((engine) => engine.stop()));
      queue.wipe();
      log.length = 0;
      for (const table of TABLES) await dataSource.query(`DELETE FROM ${table}`);
    },
    close: async () => {
      await Promise.all(engines.splice(0).map((engine) => engine.stop()));
      await dataSource.destroy();
    },
  };
  return bed;
}

/** Where a saga stands that did not get where it should. */
function describe(saga: SagaReport | null, log: readonly string[]): string {
  const history = saga?.history.map(
    ({ step, phase, outcome, to, reason }) =>
      `${phase ?? ''} ${step ?? ''} ${outcome} -> ${to} ${reason ?? ''}`,
  );
  return `${saga?.markerStatus ?? 'no marker'} ${saga?.state ?? ''}; ${history?.slice(-4).join('; ') ?? ''}; log: ${log.slice(-5).join(' | ')}`;
}
