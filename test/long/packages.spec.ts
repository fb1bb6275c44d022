// Goal: the packed libraries work in a user's own Nest application, CommonJS or ES modules, as the README says, and bring
// their types with them.
// Method: pack them; install the tarballs with npm into a folder outside of the checkout, with the guide's first saga;
// compile it there as strictly as TypeScript can, declarations of libraries included; run it on a real PostgreSQL and
// look at what it said and wrote.
import { Client } from 'pg';
import service from '../../apps/service/package.json';
import house from '../../package.json';
import { describeIf, testDatabase } from '../servers';
import { packLibraries, ScratchApp, type ScratchOptions } from './scratch-app';

const { dependencies: ours } = service;
const always = {
  bullmq: ours.bullmq,
  ioredis: ours.ioredis,
  pg: ours.pg,
  'reflect-metadata': ours['reflect-metadata'],
  rxjs: ours.rxjs,
  zod: ours.zod,
  typescript: house.devDependencies.typescript,
  '@types/node': house.devDependencies['@types/node'],
};
const nest12 = {
  ...always,
  '@nestjs/common': ours['@nestjs/common'],
  '@nestjs/core': ours['@nestjs/core'],
  '@nestjs/typeorm': ours['@nestjs/typeorm'],
  typeorm: ours.typeorm,
};
/** The older majors that the peer ranges allow. */
const nest11 = {
  ...always,
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/swagger': '^11.0.0',
  '@nestjs/typeorm': '^11.0.0',
  typeorm: '^0.3.20',
};

const strict = {
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  isolatedModules: true,
  skipLibCheck: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  outDir: 'out',
  rootDir: '.',
};

/** Fails to compile if declaration merging did not survive the packing, or made anything `any`. */
const TYPES_TS = `
import type { TransactionalContext } from '@tenon/core';
import type { TenonClient } from '@tenon/engine';
import type { EntityManager, QueryRunner } from 'typeorm';
import { placeOrder } from './place-order.saga.js';

export const txOf = (ctx: TransactionalContext): EntityManager => ctx.tx;
// @ts-expect-error -- an EntityManager, and not any
export const nonsense = (ctx: TransactionalContext): unknown => ctx.tx.nonsense;

const order = { orderId: '1', sku: 'tea', quantity: 1 };
export const start = (tenon: TenonClient, tx: EntityManager, runner: QueryRunner): unknown[] => [
  tenon.start(tx, placeOrder, order),
  tenon.start(runner, placeOrder, order),
  // @ts-expect-error -- no transaction
  tenon.start({}, placeOrder, order),
  // @ts-expect-error -- not the saga's input
  tenon.start(tx, placeOrder, { ...order, quantity: 'two' }),
];
`;

/** What the first saga does without. */
const OTHERS_TS = `
import { AdminModule, createKey } from '@tenon/admin';
import { startPostgres } from '@tenon/embedded';
import { mysqlMigrations, postgresMigrations } from '@tenon/migrations';
import { mysqlStore } from '@tenon/store';
import { MemoryStore } from '@tenon/testing';

const all = [AdminModule, createKey, startPostgres, mysqlStore, MemoryStore, ...mysqlMigrations, ...postgresMigrations];
console.log(all.every((each) => typeof each === 'function'));
`;

const applications: readonly (ScratchOptions & { readonly name: string })[] = [
  {
    name: 'CommonJS, Nest 12, TypeORM 1',
    type: 'commonjs',
    dependencies: nest12,
    compilerOptions: { ...strict, module: 'nodenext' },
  },
  {
    name: 'ES modules, Nest 12, TypeORM 1',
    type: 'module',
    dependencies: nest12,
    compilerOptions: { ...strict, module: 'nodenext' },
  },
  {
    name: 'CommonJS with the older module resolution, Nest 11, TypeORM 0.3',
    type: 'commonjs',
    dependencies: nest11,
    compilerOptions: {
      ...strict,
      module: 'commonjs',
      moduleResolution: 'node10',
      ignoreDeprecations: '6.0',
    },
  },
];

beforeAll(packLibraries);

describeIf('postgres18', 'the packed libraries', () => {
  it.each(applications)('run in a Nest application: $name', async (options) => {
    const sources = { 'types.ts': TYPES_TS, 'others.ts': OTHERS_TS };
    const app = await ScratchApp.create({ ...options, sources });
    const database = await testDatabase('postgres18');
    try {
      await app.install();
      await app.compile();
      expect(await app.node('out/others.js')).toBe('true\n');
      const said = await app.node('out/main.js', { DATABASE_URL: database.url, REDIS_URL: '' });

      expect(said).toMatch(/^The saga \d+ is completed: all went well\.$/m);
      expect(await rowsOf(database.url, 'SELECT sku, available, reserved FROM stock_item')).toEqual(
        [{ sku: 'tea', available: 8, reserved: 0 }],
      );
      expect(await rowsOf(database.url, 'SELECT op_type, status FROM op_log')).toEqual([
        { op_type: 'place-order', status: 'done' },
      ]);
    } finally {
      await database.drop();
      await app.remove();
    }
  });
});

async function rowsOf(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}
