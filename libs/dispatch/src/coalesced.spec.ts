import { Coalesced } from './coalesced';

// Goal: any number of wake-ups costs at most one call under way and one behind it, and a failure stops nothing.
// Method: a call that ends when the test says so.
describe('Coalesced', () => {
  it('has one call under way and one behind it', async () => {
    const ends: (() => void)[] = [];
    let whenCalled: () => void = () => undefined;
    const call = (): Promise<void> =>
      new Promise((resolve) => {
        ends.push(resolve);
        whenCalled();
      });
    const coalesced = new Coalesced(call, 0);
    for (let i = 0; i < 1_000; i++) coalesced.ask();
    expect(ends).toHaveLength(1);
    const second = new Promise<void>((resolve) => (whenCalled = resolve));
    ends[0]!();
    await second;
    for (let i = 0; i < 1_000; i++) coalesced.ask();
    expect(ends).toHaveLength(2);
    const third = new Promise<void>((resolve) => (whenCalled = resolve));
    ends[1]!();
    await third;
    expect(ends).toHaveLength(3);
  });

  it('goes on after a call that failed', async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      const coalesced = new Coalesced(async () => {
        calls += 1;
        if (calls === 1) {
          coalesced.ask();
          throw new Error('no queue');
        }
        resolve();
      }, 0);
      coalesced.ask();
    });
    expect(calls).toBe(2);
  });
});
