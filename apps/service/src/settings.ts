import type { Role } from '@tenon/engine';
import { z } from 'zod';
import { DatabaseUrl, SettingError } from './database/database-url';

/** What a process of the service does. `api` answers requests; the other two are the engine's. */
export const SERVICE_ROLES = ['api', 'relay', 'worker'] as const;
export type ServiceRole = (typeof SERVICE_ROLES)[number];

const DAY_MS = 86_400_000;

/**
 * Every setting of the service, by the name of its environment variable. The descriptions, and what holds by default, are
 * the table in docs/guide/configure.md, which a test compares with this.
 */
export const SettingsSchema = z.object({
  PORT: whole(0, 65_535, 3_000).describe('The port of the HTTP server; 0 takes any free one.'),
  HOST: text('0.0.0.0').describe('The address that the HTTP server listens at.'),
  DATABASE_URL: databaseUrl().describe(
    'The database: `postgres://…`, `mysql://…` or `mariadb://…`, with the name of a database. Without it a PostgreSQL of its own is started, with the database `tenon`.',
  ),
  REDIS_URL: redisUrl().describe(
    'The Redis of the queue. Without it the queue lies in the PostgreSQL database; beside MySQL or MariaDB a private `redis-server` is started.',
  ),
  TENON_ROLES: roles().describe(
    'What this process does, of `api`, `relay` and `worker`. Without `api` it answers only `/health/…` and `/metrics`.',
  ),
  TENON_DATA_FOLDER: text('.tenon').describe(
    'Where servers that the service starts itself keep their data.',
  ),
  TENON_QUEUE_PREFIX: text('tenon').describe(
    'What every key in Redis begins with. Processes of one service share it; two services on one Redis must not.',
  ),
  TENON_WORKER_NAME: text('')
    .check(z.maxLength(190, 'must have at most 190 characters'))
    .describe('The name of this process in sessions and histories. Without it: host, pid, chance.'),
  TENON_CONNECTIONS_MAX: whole(2, 1_000, 20).describe(
    'Connections to the database for handlers and requests. The engine has a few of its own besides.',
  ),
  TENON_TRANSACTIONAL_CALL_MAX: whole(1, 1_000, 16).describe(
    'Transactional handler calls at a time, each on a connection: keep it below `TENON_CONNECTIONS_MAX`.',
  ),
  TENON_HELD_SAGA_MAX: whole(1, 100_000, 1_000).describe(
    'Sagas that this process holds at a time.',
  ),
  TENON_SESSION_MS: whole(500, 600_000, 10_000).describe(
    'How long this process may be silent before others take over what it holds, in milliseconds.',
  ),
  TENON_REQUEUE_MS: whole(100, DAY_MS, 30_000).describe(
    'A queued saga that nobody adopts is handed over again after so many milliseconds.',
  ),
  TENON_SHUTDOWN_GRACE_MS: whole(100, 600_000, 10_000).describe(
    'How long running handlers and requests may take to end after SIGTERM, in milliseconds.',
  ),
  TENON_BACKLOG_AGE_MS_MAX: whole(100, DAY_MS, 300_000).describe(
    'With an operation due for longer than this that nobody has taken in, `/health/ready` answers 503.',
  ),
  TENON_LEDGER: z
    .enum(['0', '1'], { error: 'must be 0 or 1' })
    .default('0')
    .describe('`1`: the example notes every effect in the table `effect_ledger`, for tests.'),
});

type Read = z.infer<typeof SettingsSchema>;

/** The service's settings, checked. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Null: a private PostgreSQL. */
  readonly database: DatabaseUrl | null;
  readonly redisUrl: string | null;
  readonly hasApi: boolean;
  readonly engineRoles: readonly Role[];
  readonly dataFolder: string;
  readonly queuePrefix: string;
  /** Null: the engine finds one. */
  readonly workerName: string | null;
  readonly connectionsMax: number;
  readonly transactionalCallMax: number;
  readonly heldSagaMax: number;
  readonly sessionMs: number;
  readonly requeueMs: number;
  readonly shutdownGraceMs: number;
  readonly backlogAgeMsMax: number;
}

/**
 * Reads the settings from the environment. An empty variable is as good as none: that is how shells and CI unset them.
 *
 * @throws SettingError that lists every fault at once
 */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(
    Object.keys(SettingsSchema.shape).flatMap((name) => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const { data, error } = SettingsSchema.safeParse(given);
  const faults = error?.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`) ?? [];
  if (data !== undefined && data.TENON_TRANSACTIONAL_CALL_MAX >= data.TENON_CONNECTIONS_MAX) {
    faults.push(
      `TENON_TRANSACTIONAL_CALL_MAX must be below TENON_CONNECTIONS_MAX (${data.TENON_CONNECTIONS_MAX}), or handlers leave requests no connection`,
    );
  }
  if (data === undefined || faults.length > 0) {
    throw new SettingError(`These settings cannot be used:\n- ${faults.join('\n- ')}`);
  }
  return settingsFrom(data);
}

function settingsFrom(read: Read): Settings {
  return {
    port: read.PORT,
    host: read.HOST,
    database: read.DATABASE_URL ?? null,
    redisUrl: read.REDIS_URL ?? null,
    hasApi: read.TENON_ROLES.includes('api'),
    engineRoles: read.TENON_ROLES.filter((role) => role !== 'api'),
    dataFolder: read.TENON_DATA_FOLDER,
    queuePrefix: read.TENON_QUEUE_PREFIX,
    workerName: read.TENON_WORKER_NAME === '' ? null : read.TENON_WORKER_NAME,
    connectionsMax: read.TENON_CONNECTIONS_MAX,
    transactionalCallMax: read.TENON_TRANSACTIONAL_CALL_MAX,
    heldSagaMax: read.TENON_HELD_SAGA_MAX,
    sessionMs: read.TENON_SESSION_MS,
    requeueMs: read.TENON_REQUEUE_MS,
    shutdownGraceMs: read.TENON_SHUTDOWN_GRACE_MS,
    backlogAgeMsMax: read.TENON_BACKLOG_AGE_MS_MAX,
  };
}

/** The settings as the rows of a table for people. */
export function settingsTable(): string {
  const rows = Object.entries(SettingsSchema.shape).map(([name, schema]) => {
    const { data } = z.safeParse(schema, undefined);
    const text = data === undefined ? '' : JSON.stringify(data).replace(/[[\]"]/g, '');
    const shown = text === '' ? '' : `\`${text}\``;
    return `| \`${name}\` | ${shown} | ${schema.description ?? ''} |`;
  });
  return ['| variable | default | what it is |', '|---|---|---|', ...rows].join('\n');
}

function text(fallback: string) {
  return z.string().default(fallback);
}

function whole(least: number, most: number, fallback: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,12}$/, { error })
    .transform(Number)
    .pipe(z.number().min(least, { error }).max(most, { error }))
    .default(fallback);
}

function roles() {
  const known = SERVICE_ROLES.join(', ');
  return z
    .string()
    .transform((value) => value.split(',').map((role) => role.trim()))
    .pipe(z.array(z.enum(SERVICE_ROLES, { error: `holds a role that is none of ${known}` })))
    .transform((named) => SERVICE_ROLES.filter((role) => named.includes(role)))
    .default([...SERVICE_ROLES]);
}

function databaseUrl() {
  return z
    .string()
    .transform((value, context) => {
      try {
        const url = DatabaseUrl.parse(value, 'it');
        if (url.database !== null) return url;
        context.issues.push({
          ...{ code: 'custom', input: '' },
          message: `names no database, only the server ${url.shown}. Add /name to it`,
        });
      } catch {
        context.issues.push({
          ...{ code: 'custom', input: '' },
          message:
            'is no address of a database. Write it like postgres://user:password@host:5432/name, ' +
            'mariadb://user:password@host:3306/name or mysql://…; special characters in the password as %XX',
        });
      }
      return z.NEVER;
    })
    .optional();
}

function redisUrl() {
  return z
    .string()
    .refine((value) => URL.canParse(value) && /^rediss?:\/\/[^/]/.test(value), {
      error: 'is no address of a Redis. Write it like redis://user:password@host:6379',
    })
    .optional();
}

/** The service's database, from its environment: all that a command needs which starts no engine. */
export function databaseOf({ DATABASE_URL }: NodeJS.ProcessEnv): DatabaseUrl {
  if (DATABASE_URL === undefined || DATABASE_URL === '') {
    throw new SettingError(
      'DATABASE_URL is not set. Name the database, like DATABASE_URL=postgres://user:password@host:5432/name; ' +
        '`npm start` and `npm run demo` need none.',
    );
  }
  const database = DatabaseUrl.parse(DATABASE_URL, 'DATABASE_URL');
  if (database.database === null) {
    throw new SettingError(
      `DATABASE_URL names no database, only the server ${database.shown}. Add /name to it.`,
    );
  }
  return database;
}
