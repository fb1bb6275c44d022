// Gives `ctx.tx` and `start(tx, …)` their types, in every program that imports this library.
import './register';

export { mysqlStore, type MysqlStoreOptions } from './mysql/mysql-store';
export { postgresStore, type PostgresStoreOptions } from './postgres/postgres-store';
