// Gives `ctx.tx` and `start(tx, …)` their types, in every program that imports this library.
import './register';

export { postgresStore, type PostgresStoreOptions } from './postgres/postgres-store';
