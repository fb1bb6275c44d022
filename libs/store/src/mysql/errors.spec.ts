import { classifyMysqlError } from './errors';

describe('an error of MySQL, MariaDB or their driver', () => {
  it.each([
    ['deadlock', { errno: 1213, code: 'ER_LOCK_DEADLOCK' }, 'conflict'],
    ['killed', { errno: 1927, code: 'ER_CONNECTION_KILLED' }, 'unavailable'],
    ['duplicate', { errno: 1062, code: 'ER_DUP_ENTRY' }, 'data'],
    ['syntax', { errno: 1064, code: 'ER_PARSE_ERROR' }, 'other'],
    ['refused connection', { errno: -111, code: 'ECONNREFUSED' }, 'unavailable'],
    ['lost connection', { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'unavailable'],
    ['connection that is closed already', { fatal: true }, 'unavailable'],
    ['last word to an idle connection', { code: 4031, fatal: true }, 'unavailable'],
    ['packet that nobody expected', { code: 'PROTOCOL_UNEXPECTED_PACKET' }, 'unavailable'],
    ['wrong password', { errno: 1045, code: 'ER_ACCESS_DENIED_ERROR', fatal: true }, 'other'],
  ])('%s, wrapped or not', (_, said, kind) => {
    const error = Object.assign(new Error('…'), said);
    expect(classifyMysqlError(error)).toBe(kind);
    expect(classifyMysqlError({ driverError: error })).toBe(kind);
  });
});
