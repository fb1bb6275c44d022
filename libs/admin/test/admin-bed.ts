import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ADMIN_KEY_HEADER, AdminModule, createKey, ProblemModule } from '@tenon/admin';
import type { AdminOptions } from '@tenon/admin';
import type { OperatorRole, SagaDefinition, Store } from '@tenon/core';
import { Engine, TenonModule, type EngineOptions } from '@tenon/engine';
import { mysqlStore, postgresStore } from '@tenon/store';
import { inProcessDispatcher } from '@tenon/testing';
import request from 'supertest';
import { DataSource } from 'typeorm';

import { testDatabase, type SqlServerName } from '../../../test/servers';
import { errands, Moods } from './errand';

/** The servers that what matters is shown on. */
export const DATABASES = ['postgres18', 'mariadb'] as const satisfies readonly SqlServerName[];
const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly OperatorRole[];
export const COMMAND = { name: 'command', role: 'admin' };

/** As much of an answer as several tests look at. */
interface AnswerBody {
  readonly changed?: boolean;
  readonly code?: string;
  readonly detail?: string;
  readonly items?: readonly unknown[];
}

/** A request that was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
  readonly text: string;
}

/** A Nest application with the admin API, on a database of its own. */
export interface AdminBed {
  readonly url: string;
  readonly dataSource: DataSource;
  readonly engine: Engine;
  readonly moods: Moods;
  readonly keys: Readonly<Record<OperatorRole, string>>;
  get(path: string, as?: OperatorRole | null): Promise<Answer>;
  post(path: string, body?: object, as?: OperatorRole | null): Promise<Answer>;
  /** The status of a GET without a key, of a path that is sent as it is written. */
  rawStatus(path: string): Promise<number>;
  /** What the application listens to. */
  routes(): Promise<readonly { readonly method: string; readonly path: string }[]>;
  /** Appends an errand, and answers its id. */
  append(payload?: object, type?: string): Promise<string>;
  /** Waits until the saga is in `state`. */
  reaches(id: string, state: string): Promise<void>;
  rows<Row>(query: string): Promise<readonly Row[]>;
  count(query: string): Promise<number>;
  /** The instant that is so many seconds from now, as SQL. */
  inSeconds(seconds: number): string;
  close(): Promise<void>;
}

interface BedOptions {
  readonly engine?: Partial<EngineOptions>;
  readonly admin?: AdminOptions;
  /** Default: a key of each role. */
  readonly withKeys?: boolean;
  /** Of a server of one's own. Default: a new database on the shared one. */
  readonly databaseUrl?: string;
}

export async function openAdminBed(
  server: SqlServerName,
  options: BedOptions = {},
): Promise<AdminBed> {
  const database =
    options.databaseUrl === undefined
      ? await testDatabase(server)
      : { url: options.databaseUrl, drop: () => Promise.resolve() };
  const dataSource = await connect(database.url);
  const moods = new Moods();
  const app = await application(dataSource, moods, options);
  const url = await app.getUrl();
  const engine = app.get(Engine);
  const keys = await makeKeys(engine, options.withKeys ?? true);
  const isPostgres = dataSource.options.type === 'postgres';
  const rows = async <Row>(query: string): Promise<readonly Row[]> =>
    dataSource.query<readonly Row[]>(query);
  const send = async (
    asked: request.Test,
    role: OperatorRole | null,
    body?: object,
  ): Promise<Answer> => {
    if (role !== null) void asked.set(ADMIN_KEY_HEADER, keys[role]);
    const answer = await asked.send(body);
    return {
      status: answer.status,
      headers: answer.headers,
      body: answer.body as AnswerBody,
      text: answer.text,
    };
  };
  const { sagas } = errands(moods);

  const bed: AdminBed = {
    ...{ url, dataSource, engine, moods, keys, rows },
    get: (path, as = 'viewer') => send(request(url).get(path), as),
    post: (path, body = {}, as = 'operator') => send(request(url).post(path), as, body),
    rawStatus: (path) => rawStatus(url, path),
    routes: async () => routesOf(app.getHttpAdapter().getInstance() as Express),
    append: (payload = {}, type = 'errand') =>
      dataSource.transaction(async (tx) => {
        const definition = sagas.find((each) => each.type === type) as SagaDefinition<object>;
        return (await engine.client.start(tx, definition, payload)).id;
      }),
    reaches: async (id, state) => {
      await eventually(
        `saga ${id} is ${state}`,
        async () => (await engine.client.find(id))?.state === state,
      );
    },
    count: async (query) =>
      Number((await rows<{ n: string }>(`SELECT count(*) AS n FROM ${query}`))[0]?.n),
    inSeconds: (seconds) =>
      isPostgres ? `now() + interval '${seconds} seconds'` : `now(3) + interval ${seconds} second`,
    close: async () => {
      await app.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
  return bed;
}

async function application(dataSource: DataSource, moods: Moods, options: BedOptions) {
  const { sagas, providers } = errands(moods);
  @Module({ imports: [TenonModule.forFeature({ sagas })], providers: [...providers] })
  class Errands {}
  @Module({
    imports: [
      TenonModule.forRoot({
        store: storeOn(dataSource),
        dispatcher: inProcessDispatcher(),
        logger: { log: () => undefined, warn: () => undefined, error: () => undefined },
        shutdownGraceMs: 2_000,
        ...options.engine,
      }),
      ProblemModule,
      AdminModule.forRoot({ keyCacheMs: 0, ...options.admin }),
      Errands,
    ],
  })
  class Application {}
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class, and takes them as an object
  const app = await NestFactory.create(Application, { logger: false, abortOnError: false });
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .addApiKey({ type: 'apiKey', in: 'header', name: ADMIN_KEY_HEADER }, ADMIN_KEY_HEADER)
      .build(),
  );
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json' });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function makeKeys(
  engine: Engine,
  areWanted: boolean,
): Promise<Readonly<Record<OperatorRole, string>>> {
  const keys = { viewer: '', operator: '', admin: '' };
  if (!areWanted) return keys;
  for (const role of ROLES)
    keys[role] = await createKey(engine.operator.store, { name: `the-${role}`, role }, COMMAND);
  return keys;
}

function connect(url: string): Promise<DataSource> {
  return new DataSource(
    url.startsWith('postgres')
      ? { type: 'postgres', url, poolSize: 20, poolErrorHandler: () => undefined }
      : { type: 'mariadb', url: url.replace(/^mariadb:/, 'mysql:'), poolSize: 20 },
  ).initialize();
}

function storeOn(dataSource: DataSource): Store {
  return dataSource.options.type === 'postgres'
    ? postgresStore({ dataSource })
    : mysqlStore({ dataSource });
}

/** As much of an Express application as these tests look at. */
interface Express {
  readonly router: {
    readonly stack: readonly {
      readonly route?: {
        readonly path: string;
        readonly methods: Readonly<Record<string, boolean>>;
      };
    }[];
  };
}

function routesOf({ router }: Express) {
  return router.stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => ({ method, path: route.path })),
  );
}

function rawStatus(url: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).once('error', reject);
  });
}

const LOOK_EVERY_MS = 10;

/** Waits until `look` answers true. @throws Error that names `what` when that takes longer than `withinMs` */
export async function eventually(
  what: string,
  look: () => Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms.`);
    await pause(LOOK_EVERY_MS);
  }
}
