import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseOf, SERVICE_ROLES, settingsOf, settingsTable } from '../src/settings';

const GUIDE = join(__dirname, '..', '..', '..', 'docs', 'guide', 'configure.md');

describe('the settings', () => {
  it('have a default each', () => {
    expect(settingsOf({})).toMatchObject({
      port: 3000,
      database: null,
      redisUrl: null,
      hasApi: true,
      engineRoles: ['relay', 'worker'],
    });
    // An empty variable is none.
    expect(settingsOf({ PORT: '', DATABASE_URL: '' })).toEqual(settingsOf({}));
  });

  it.each([
    ['api', true, []],
    ['worker', false, ['worker']],
    ['worker, relay', false, ['relay', 'worker']],
    [SERVICE_ROLES.join(','), true, ['relay', 'worker']],
  ])('read the roles %s', (given, hasApi, engineRoles) => {
    expect(settingsOf({ TENON_ROLES: given })).toMatchObject({ hasApi, engineRoles });
  });

  it('tell every fault at once, and no password', () => {
    const env = {
      PORT: '99999',
      DATABASE_URL: 'postgres://me:secret@host:5432',
      REDIS_URL: 'http://me:secret@host',
      TENON_ROLES: 'api,boss',
      TENON_SESSION_MS: '1e3',
      TENON_LEDGER: 'yes',
    };
    let message = '';
    try {
      settingsOf(env);
    } catch (error) {
      message = String(error);
    }
    for (const name of Object.keys(env)) expect(message).toContain(`- ${name}`);
    expect(message).not.toContain('secret');
    expect(() => settingsOf({ TENON_CONNECTIONS_MAX: '8' })).toThrow(/must be below/);
  });

  it('tell the database alone to a command that starts no engine', () => {
    const DATABASE_URL = 'mariadb://u:p@h/shop';
    expect(databaseOf({ DATABASE_URL })).toMatchObject({ family: 'mysql', database: 'shop' });
    expect(() => databaseOf({})).toThrow('DATABASE_URL is not set');
  });

  it('are the table of the guide', () => {
    expect(readFileSync(GUIDE, 'utf8')).toContain(settingsTable());
  });
});
