import { TenonBaseline1763800000001 } from './0001-baseline';

export const postgresMigrations = [TenonBaseline1763800000001];
