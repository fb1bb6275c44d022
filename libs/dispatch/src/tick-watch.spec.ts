import { TickWatch } from './tick-watch';

// Goal: a scheduler that stands still is noticed, a slow or a skewed one is not blamed.
// Method: a clock of the test's own, beside slots from a wall clock that is an hour off.
describe('TickWatch', () => {
  it('goes by whether the slot moves on', () => {
    let now = 0;
    const watch = new TickWatch(() => now);
    const slot = 3_600_000;
    expect(watch.isAlive(slot, 1_000)).toBe(true);
    now = 3_000;
    expect(watch.isAlive(slot, 1_000)).toBe(true);
    now = 3_001;
    expect(watch.isAlive(slot, 1_000)).toBe(false);
    expect(watch.isAlive(slot + 1_000, 1_000)).toBe(true);
    now = 60_000;
    watch.reset();
    expect(watch.isAlive(slot + 1_000, 1_000)).toBe(true);
  });
});
