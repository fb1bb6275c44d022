export { AdminModule } from './admin.module';
export { ROLE_EXTENSION } from './http/documented';
export { problemOf, type Problem } from './http/problem';
export { PROBLEM_MEDIA_TYPE, ProblemFilter } from './http/problem.filter';
export { ProblemModule } from './http/problem.module';
export { ADMIN_KEY_HEADER } from './keys/admin.guard';
export { createKey, revokeKey } from './keys/keys';
export { OPERATOR_ROLES } from './keys/roles';
export { KEY_CACHE_MS_MAX, MASKED, type AdminOptions, type ShownOperation } from './options';
