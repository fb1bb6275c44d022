import { describeIf, testDatabase, testRedis, type SqlServerName } from '../../../test/servers';
import { Remains } from './remains';
import { send } from './service-process';

/** A database, and where it needs one a queue, that the processes of one test file share. */
export interface ServiceBed {
  /** What a process of the service is told. */
  readonly env: NodeJS.ProcessEnv;
  readonly remains: Remains;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** Runs the tests on PostgreSQL with its queue in it, and on MariaDB with Redis. */
export function describeService(
  name: string,
  tests: (server: SqlServerName, open: () => Promise<ServiceBed>) => void,
): void {
  describeIf('postgres15', `${name}, on PostgreSQL alone`, () => {
    tests('postgres15', () => openBed('postgres15'));
  });
  describeIf(['mariadb', 'redis'], `${name}, on MariaDB and Redis`, () => {
    tests('mariadb', () => openBed('mariadb'));
  });
}

async function openBed(server: SqlServerName): Promise<ServiceBed> {
  const database = await testDatabase(server);
  const redis = server === 'mariadb' ? await testRedis() : null;
  const remains = await Remains.of(database.url);
  return {
    databaseUrl: database.url,
    remains,
    env: {
      DATABASE_URL: database.url,
      ...(redis === null ? {} : { REDIS_URL: redis.url, TENON_QUEUE_PREFIX: redis.prefix }),
      TENON_CONNECTIONS_MAX: '10',
      TENON_TRANSACTIONAL_CALL_MAX: '8',
    },
    async close() {
      await remains.close();
      await database.drop();
      await redis?.drop();
    },
  };
}

/** Asks again and again, at a distance, until the answer is as wished. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  isGood: (answer: Answer) => boolean,
  withinMs = 60_000,
): Promise<Answer> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) return answer;
    if (performance.now() > deadlineMs) {
      throw new Error(`Not within ${withinMs} ms; at last it was ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The report, once every transfer has ended. */
export async function finalReport(url: string): Promise<Readonly<Record<string, unknown>>> {
  const report = async (): Promise<Readonly<Record<string, unknown>>> =>
    (await send(`${url}/v1/transfers/report`)).body;
  return until(report, ({ open, orders }) => open === 0 && Number(orders) > 0, 180_000);
}
