// Goal: every error has its status and code, and says nothing that is not the caller's business.
// Method: the errors that there are, one by one.
import {
  BadRequestException,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ConflictError, InvariantError, NotFoundError, TenonError, UsageError } from '@tenon/core';
import { problemOf } from './problem';

/** As a driver throws them: with the query, and what it was given. */
const driverError = Object.assign(new Error('syntax error at or near "hunter2"'), {
  query: 'SELECT * FROM account WHERE pin = $1',
  parameters: ['hunter2'],
});

describe('a problem', () => {
  it.each<[string, unknown, number, string, string]>([
    ['nothing there', new NotFoundError('There is no saga 7.'), 404, 'TENON_NOT_FOUND', 'saga 7'],
    ['a conflict', new ConflictError('It has ended.'), 409, 'TENON_CONFLICT', 'It has ended.'],
    ['wrong use', new UsageError('TENON_USAGE', 'Say why.'), 400, 'TENON_USAGE', 'Say why.'],
    [
      'no database',
      new TenonError('TENON_STORE_UNAVAILABLE', 'It did not answer.'),
      503,
      'TENON_STORE_UNAVAILABLE',
      'It did not answer.',
    ],
    [
      'no queue',
      new TenonError('TENON_QUEUE_UNAVAILABLE', 'It did not answer.'),
      503,
      'TENON_QUEUE_UNAVAILABLE',
      'It did not answer.',
    ],
    ["Nest's 404", new NotFoundException('Cannot GET /x?pin=1'), 404, 'TENON_NOT_FOUND', '/x'],
    [
      'a code of its own',
      new BadRequestException({ code: 'TENON_INVALID_INPUT', message: 'amount: is negative' }),
      400,
      'TENON_INVALID_INPUT',
      'amount: is negative',
    ],
    [
      'a list of messages',
      new BadRequestException({ message: ['a must be b', 'c must be d'] }),
      400,
      'TENON_INVALID_INPUT',
      'a must be b; c must be d',
    ],
    ['a teapot', new HttpException('no coffee', 418), 418, 'HTTP_418', 'no coffee'],
    [
      'a body too large, as Express 5 has it',
      Object.assign(new Error('request entity too large'), { type: 'entity.too.large', limit: 9 }),
      413,
      'TENON_PAYLOAD_TOO_LARGE',
      'at most 9 bytes',
    ],
    [
      'a body that is not JSON, as Nest passes it on',
      new BadRequestException('Unexpected token h, "hunter2"', {
        cause: Object.assign(new SyntaxError('hunter2'), { type: 'entity.parse.failed' }),
      }),
      400,
      'TENON_INVALID_INPUT',
      'not JSON',
    ],
    ['our bug', new InvariantError('hunter2 went down'), 500, 'TENON_INTERNAL', 'The log'],
    ['any other', driverError, 500, 'TENON_INTERNAL', 'The log'],
    ['a 500', new InternalServerErrorException('hunter2'), 500, 'TENON_INTERNAL', 'The log'],
    ['no error at all', 'hunter2', 500, 'TENON_INTERNAL', 'The log'],
  ])('of %s', (_, error, status, code, detail) => {
    const problem = problemOf(error, 'other');
    expect(problem).toMatchObject({ status, code, type: `urn:tenon:error:${code}` });
    expect(problem.detail).toContain(detail);
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|SELECT|pin=/);
  });

  it.each(['unavailable', 'conflict'] as const)('of a store that is %s is a 503', (kind) => {
    const problem = problemOf(driverError, kind);
    expect(problem).toMatchObject({ status: 503, code: 'TENON_STORE_UNAVAILABLE' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('carries what else an exception has to say', () => {
    const checks = { database: { status: 'down' } };
    const error = new ServiceUnavailableException({ status: 'error', details: checks });
    expect(problemOf(error, 'other')).toMatchObject({
      status: 503,
      code: 'TENON_UNAVAILABLE',
      details: checks,
    });
  });
});
