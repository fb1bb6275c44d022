// Goal: the store keeps every promise of its port on the newest PostgreSQL that is supported.
// Method: the suite that all stores pass, on a real server.
import { describePostgres } from './postgres/describe-postgres';

describePostgres('postgres18');
