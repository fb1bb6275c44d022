import { databaseOf, settingsOf } from './settings';

describe("the service's settings", () => {
  const DATABASE_URL = 'mariadb://user:secret@127.0.0.1:3306/shop';

  it('of a command that starts no engine are the database alone', () => {
    expect(databaseOf({ DATABASE_URL })).toMatchObject({ family: 'mysql', database: 'shop' });
    expect(() => databaseOf({})).toThrow('DATABASE_URL is not set');
  });

  it('of the service name the queue that a MariaDB needs', () => {
    expect(() => settingsOf({ DATABASE_URL })).toThrow('REDIS_URL is not set');
    const REDIS_URL = 'redis://127.0.0.1:6379';
    expect(settingsOf({ DATABASE_URL, REDIS_URL }).queue).toMatchObject({ url: REDIS_URL });
  });
});
