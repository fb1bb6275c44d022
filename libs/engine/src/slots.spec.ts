// Goal: no saga type gets all slots for itself, and those that wait are served in turn.
// Method: work that ends when it is told to.
import { fairRoom } from './fair-share';
import { Slots } from './slots';

/** Begins work of each of `types`, and tells which has begun. */
function beginAll(slots: Slots, types: readonly string[]) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  for (const type of types) {
    void slots.use(type, () => {
      begun.push(type);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  }
  return { begun, ends };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const times = (count: number, type: string): readonly string[] =>
  Array.from({ length: count }, () => type);

describe('slots', () => {
  it('are all for a type that is alone', async () => {
    const { begun } = beginAll(new Slots(16, 1), times(20, 'a'));
    await settled();
    expect(begun).toHaveLength(16);
  });

  it('are three quarters for a type that keeps them, however many wait, and the next type gets the like of what is left', async () => {
    const slots = new Slots(16, 3);
    const first = beginAll(slots, times(100, 'a'));
    const second = beginAll(slots, times(100, 'b'));
    const third = beginAll(slots, times(100, 'c'));
    await settled();
    expect([first, second, third].map(({ begun }) => begun.length)).toEqual([12, 3, 1]);
  });

  it('go in turn to the types that wait for them', async () => {
    const { begun, ends } = beginAll(new Slots(1, 3), ['a', 'a', 'a', 'b', 'b', 'c']);
    for (let ended = 0; ended < 6; ended += 1) {
      await settled();
      ends[ended]?.();
    }
    expect(begun).toEqual(['a', 'a', 'b', 'c', 'a', 'b']);
  });

  it('are free again after work that fails', async () => {
    const slots = new Slots(1, 1);
    await expect(slots.use('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(slots.use('a', async () => 'yes')).resolves.toBe('yes');
  });
});

describe('a fair share', () => {
  it('never exceeds what is free, and is never nothing while a type has nothing and something is free', () => {
    for (let max = 1; max <= 40; max += 1) {
      for (let total = 0; total <= max; total += 1) {
        for (let own = 0; own <= total; own += 1) {
          const room = fairRoom({ max, total, own, typeCount: 2 });
          expect(room).toBeLessThanOrEqual(max - total);
          if (own === 0 && total < max) expect(room).toBeGreaterThan(0);
        }
      }
    }
  });

  it('of two or more leaves one for the others', () => {
    for (let max = 2; max <= 40; max += 1) {
      let own = 0;
      while (fairRoom({ max, total: own, own, typeCount: 2 }) > 0) own += 1;
      expect(own).toBeGreaterThanOrEqual(Math.floor(max / 2));
      expect(own).toBeLessThan(max);
    }
  });
});
