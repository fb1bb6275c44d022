// Goal: a person who finds a dead operation reads in one line what is wrong with its payload.
// Method: errors as schemas throw them, and others.
import { inputFault } from './input-fault';
import { ERROR_TEXT_LENGTH_MAX } from './outcome';

/** As zod makes it: its message is the list of its issues. */
function schemaError(issues: readonly object[]): Error {
  return Object.assign(new Error(JSON.stringify(issues, null, 2)), { name: 'ZodError', issues });
}

describe('what is wrong with an input', () => {
  it('is one line with the path and the message of each issue', () => {
    const error = schemaError([
      { code: 'invalid_type', path: ['amount'], message: 'Invalid input: expected string' },
      { code: 'too_small', path: ['lines', 0, 'count'], message: 'Too small' },
      { code: 'custom', path: [], message: 'The sums differ' },
    ]);
    expect(inputFault(error)).toBe(
      'amount: Invalid input: expected string; lines.0.count: Too small; The sums differ',
    );
  });

  it.each([
    [new Error('expected\n  an object'), 'expected an object'],
    [schemaError([]), '[]'],
    [Object.assign(new Error('odd'), { issues: ['no issue'] }), 'odd'],
    ['thrown as text', 'thrown as text'],
    [new Error('a\0b'), 'a\u2400b'],
  ])('is the message of any other error, as one line: %p', (error, told) => {
    expect(inputFault(error)).toBe(told);
  });

  it('is cut to what can be stored, and not through the middle of a character', () => {
    const told = inputFault(new Error(`${'x'.repeat(999)}\u{1f4b6} and more`));
    expect(told.length).toBeLessThan(ERROR_TEXT_LENGTH_MAX);
    expect(told).not.toMatch(/\p{Surrogate}/u);
  });
});
