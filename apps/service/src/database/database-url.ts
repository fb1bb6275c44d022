/** The two families of SQL that the service speaks. */
export type DatabaseFamily = 'postgres' | 'mysql';

const FAMILIES: Partial<Record<string, DatabaseFamily>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
};

/** A setting that cannot be used as it is. The message names it and the cure. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** The address of a database server, and perhaps of one database on it. */
export class DatabaseUrl {
  private constructor(
    private readonly url: URL,
    readonly family: DatabaseFamily,
  ) {}

  /** @throws SettingError naming `source` (an option or a variable), never the password */
  static parse(text: string, source: string): DatabaseUrl {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const family = FAMILIES[url?.protocol ?? ''];
    if (url === undefined || family === undefined || url.hostname === '') {
      throw new SettingError(
        `${source} is no address of a database. Write it like postgres://user:password@host:5432/name, ` +
          'mariadb://user:password@host:3306/name or mysql://…; special characters in the password as %XX.',
      );
    }
    return new DatabaseUrl(url, family);
  }

  /** The database that the URL names, or null where it names only the server. */
  get database(): string | null {
    const name = decodeURIComponent(this.url.pathname.replace(/^\//, ''));
    return name === '' ? null : name;
  }

  /** The same server, another database. */
  withDatabase(name: string | null): DatabaseUrl {
    const url = new URL(this.url);
    url.pathname = name === null ? '' : `/${encodeURIComponent(name)}`;
    return new DatabaseUrl(url, this.family);
  }

  /** With the password: for drivers, never for people. */
  get text(): string {
    return this.url.toString();
  }

  /** For people: without user and password. */
  get shown(): string {
    return `${this.url.host}${this.url.pathname}`;
  }
}
