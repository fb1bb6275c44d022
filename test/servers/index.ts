import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import Redis from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

import {
  type ServerName,
  SERVERS_VARIABLE,
  type ServersInfo,
  type SqlServerName,
} from './server-names';

export type { ServerName, SqlServerName } from './server-names';

/** A database that one test file has for itself. */
export interface TestDatabase {
  readonly url: string;
  /** Close your connections first: MariaDB waits for them. */
  drop(): Promise<void>;
}

/** A part of the shared Redis that one test file has for itself. */
export interface TestRedis {
  readonly url: string;
  /** Every key of the test file begins with it (BullMQ: the option `prefix`). */
  readonly prefix: string;
  /** Deletes the keys that begin with `prefix`. */
  drop(): Promise<void>;
}

/**
 * `describe`, on a server. Where this machine has no such server, its tests are skipped, and their names say what is
 * missing and what to do.
 */
export function describeIf(
  needed: ServerName | readonly ServerName[],
  name: string,
  tests: () => void,
): void {
  const { missing } = info();
  const reasons = [needed].flat().flatMap((server) => missing[server] ?? []);
  if (reasons.length === 0) describe(name, tests);
  else describe.skip(`${name} [${reasons.join('; ')}]`, tests);
}

/** Makes an empty database with a name of its own. Start the file's `describe` with {@link describeIf}. */
export async function testDatabase(server: SqlServerName): Promise<TestDatabase> {
  const serverUrl = await urlOf(server);
  const name = `tenon_test_${uniqueName()}`;
  const run = server === 'mariadb' ? runMariadb : runPostgres;
  await run(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: () =>
      run(serverUrl, `DROP DATABASE ${name}${server === 'mariadb' ? '' : ' WITH (FORCE)'}`),
  };
}

/** Makes a key prefix of its own on the shared Redis. Never flush it: start one of your own with @tenon/embedded. */
export async function testRedis(): Promise<TestRedis> {
  const url = await urlOf('redis');
  const prefix = `tenon-test-${uniqueName()}`;
  return { url, prefix, drop: () => deleteKeys(url, prefix) };
}

/** A folder for the servers a test file starts itself, which they can reach whoever runs the tests. */
export async function testFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `tenon-test-${process.pid}-`));
  await chmod(path, 0o711);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function info(): ServersInfo {
  const text = process.env[SERVERS_VARIABLE];
  if (text === undefined) {
    throw new Error('No servers: run the tests with jest, whose globalSetup prepares them.');
  }
  return JSON.parse(text) as ServersInfo;
}

function urlOf(server: ServerName): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without keep-alive: nothing of this may outlast the test file.
    get(info().startUrl + server, { agent: false }, (response) => {
      text(response).then((answer) => {
        if (response.statusCode === 200) resolve(answer);
        else reject(new Error(`The server ${server} could not be started: ${answer}`));
      }, reject);
    }).once('error', reject);
  });
}

function uniqueName(): string {
  return randomBytes(6).toString('hex');
}

async function runPostgres(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function runMariadb(url: string, sql: string): Promise<void> {
  const connection = await createConnection(url);
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

async function deleteKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
      if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
    }
  } finally {
    redis.disconnect();
  }
}
