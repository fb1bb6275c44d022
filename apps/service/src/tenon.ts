#!/usr/bin/env node
import 'reflect-metadata';
import { userInfo } from 'node:os';
import { createKey, OPERATOR_ROLES, revokeKey } from '@tenon/admin';
import type { OperatorRole, Store } from '@tenon/core';
import { Command, Option } from 'commander';
import { runCommand } from './command';
import { serviceDataSource } from './database/data-source';
import { SettingError } from './database/database-url';
import { migrateAll, tenonStore } from './database/migrate-all';
import { openDatabase } from './database/open-database';
import { databaseOf } from './settings';

/** `npm run tenon -- …`: what is done where the service runs, on the database of DATABASE_URL. */
function program(): Command {
  const tenon = new Command('tenon').description('Tenon, on the database of DATABASE_URL.');
  const keys = tenon.command('keys').description('keys of the admin API');
  keys
    .command('create <name>')
    .description('make a key, and show it this once')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(OPERATOR_ROLES).default('viewer'),
    )
    .action((name: string, { role }: { readonly role: OperatorRole }) =>
      withStore(async (store) => {
        console.log(await createKey(store.operator, { name, role }, operatorHere()));
        console.error(
          `This is the key of "${name}" (${role}), for the header x-api-key. It is shown only now.`,
        );
      }),
    );
  keys
    .command('revoke <name>')
    .description('end a key')
    .action((name: string) =>
      withStore(async (store) => {
        if (!(await revokeKey(store.operator, name, operatorHere())))
          throw new SettingError(`There is no living key "${name}".`);
        console.log(`The key "${name}" opens nothing any more, within a second.`);
      }),
    );
  return tenon;
}

/** Whoever may run this on the service's machine, with its database's password, is its administrator. */
function operatorHere(): { readonly name: string; readonly role: OperatorRole } {
  return { name: `command line (${userInfo().username})`, role: 'admin' };
}

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const database = databaseOf(process.env);
  const dataSource = await openDatabase(serviceDataSource(database), database, console.error);
  try {
    await migrateAll(dataSource);
    const store = tenonStore(dataSource);
    await store.open();
    await work(store).finally(() => store.close());
  } finally {
    await dataSource.destroy();
  }
}

runCommand(async () => {
  await program().parseAsync();
});
