import type { MigrationInterface } from 'typeorm';
import { mysqlMigrations as mysql } from './mysql';
import { postgresMigrations as postgres } from './postgres';

/** A migration as TypeORM takes it: a class whose name ends in a time stamp. */
export type MigrationClass = new () => MigrationInterface;

/** The schema on PostgreSQL, oldest first. A migration's place in the list, from 1, is the version that it leads to. */
export const postgresMigrations: readonly MigrationClass[] = postgres;

/** The same on MySQL and MariaDB: the same versions, the same tables and columns. */
export const mysqlMigrations: readonly MigrationClass[] = mysql;
