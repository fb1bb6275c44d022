import { TenonBaseline1763800000001 } from './0001-baseline';
import { TenonParkedKeys1763850000002 } from './0002-parked-keys';
import { TenonOperating1763900000003 } from './0003-operating';

export const postgresMigrations = [
  TenonBaseline1763800000001,
  TenonParkedKeys1763850000002,
  TenonOperating1763900000003,
];
