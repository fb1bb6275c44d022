export { fetchDebianPackages, type UnpackedPackages } from './debian-packages';
export {
  DataDirError,
  EmbeddedError,
  type EmbeddedErrorCode,
  ServerStartError,
  ServerUnavailableError,
} from './errors';
export { findProgram } from './find-program';
export { type MariadbOptions, startMariadb } from './mariadb';
export { type PostgresOptions, startPostgres } from './postgres';
export type { EmbeddedServer } from './private-server';
export { removeFolder as removeDataDir } from './reachable-folder';
export { type RedisOptions, startRedis } from './redis';
