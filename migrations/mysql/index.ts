import { TenonBaseline1763800000001 } from './0001-baseline';
import { TenonOperating1763900000002 } from './0002-operating';

export const mysqlMigrations = [TenonBaseline1763800000001, TenonOperating1763900000002];
