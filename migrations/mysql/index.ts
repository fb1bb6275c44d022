import type { MigrationInterface } from 'typeorm';

export const mysqlMigrations: (new () => MigrationInterface)[] = [];
