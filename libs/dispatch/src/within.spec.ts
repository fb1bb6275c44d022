import { isSilent, isTimeout, within } from './within';

// Goal: nothing waits for a queue for ever, and a slow moment is not taken for a dead connection.
// Method: promises that settle, and others that never do, with limits of a few milliseconds.
describe('within', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  it('passes on what settles in time and rejects what does not', async () => {
    expect(await within(1_000, 'x', Promise.resolve(1))).toBe(1);
    await expect(within(1_000, 'x', Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(within(1, 'the answer', never())).rejects.toThrow(
      'the answer took longer than 1 ms',
    );
  });

  it('calls silent only what does not answer twice', async () => {
    expect(await isSilent(1, never)).toBe(true);
    expect(await isSilent(1_000, () => Promise.reject(new Error('ECONNREFUSED')))).toBe(false);
    expect(await isSilent(1_000, () => Promise.reject(new Error('Command timed out')))).toBe(true);
    let asked = 0;
    expect(await isSilent(1, () => (++asked === 1 ? never() : Promise.resolve()))).toBe(false);
  });

  it('knows a time-out in the words of the drivers', () => {
    expect(isTimeout(new Error('Query read timeout'))).toBe(true);
    expect(isTimeout(new Error('relation does not exist'))).toBe(false);
    expect(isTimeout(undefined)).toBe(false);
  });
});
