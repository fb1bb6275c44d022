import { TenonBaseline1763800000001 } from './0001-baseline';

export const mysqlMigrations = [TenonBaseline1763800000001];
