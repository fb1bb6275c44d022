/** The servers that tests run on. */
export const SERVERS = ['postgres18', 'postgres15', 'mariadb', 'redis'] as const;
export type ServerName = (typeof SERVERS)[number];
export type SqlServerName = Exclude<ServerName, 'redis'>;

/** What the set-up tells the test files, as JSON in the environment variable {@link SERVERS_VARIABLE}. */
export interface ServersInfo {
  /** Ask here, with a server's name added, for its URL; it starts if need be. */
  readonly startUrl: string;
  readonly missing: Partial<Record<ServerName, string>>;
}
export const SERVERS_VARIABLE = 'TENON_TEST_SERVERS';
