// Goal: with time in its own hands a test sees what hours would do, in order and without waiting.
// Method: timers and sleeping loops on a clock that is turned.
import type { Clock } from '@tenon/engine';
import { VirtualClock } from '@tenon/testing';

describe('VirtualClock', () => {
  it('stands still until it is turned, and shows the same to all', async () => {
    const clock = new VirtualClock(new Date('2030-01-01T00:00:00Z'));
    expect((clock satisfies Clock).now()).toBe(0);
    await clock.advance(1_500);
    expect(clock.now()).toBe(1_500);
    expect(clock.date()).toEqual(new Date('2030-01-01T00:00:01.500Z'));
  });

  it('fires timers in order, each at its instant', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.after(200, () => fired.push(`b at ${clock.now()}`));
    clock.after(100, () => fired.push(`a at ${clock.now()}`));
    const forget = clock.after(150, () => fired.push('forgotten'));
    clock.after(1_000, () => fired.push('later'));
    forget();
    await clock.advance(500);
    expect(fired).toEqual(['a at 100', 'b at 200']);
    expect(clock.now()).toBe(500);
  });

  it('lets a loop that sleeps go round as often as it would', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    let rounds = 0;
    const loop = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await clock.sleep(100, stop.signal);
        rounds += 1;
      }
    };
    const ended = loop();
    await clock.advance(1_050);
    expect(rounds).toBe(10);
    stop.abort();
    await ended;
  });

  it('is never turned back', async () => {
    await expect(new VirtualClock().advance(-1)).rejects.toThrow(RangeError);
  });
});
