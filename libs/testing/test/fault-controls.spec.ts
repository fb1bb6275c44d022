// Goal: a test can stop, fail and delay the engine at a point of its choice, and let it go on.
// Method: the hits are made by hand.
import { faultControls } from '@tenon/testing';

describe('faultControls', () => {
  const stateOf = async (promise: Promise<unknown>): Promise<string> =>
    Promise.race([
      promise.then(
        () => 'passed',
        (error: unknown) => String(error),
      ),
      new Promise<string>((resolve) => setImmediate(() => resolve('parked'))),
    ]);

  it('lets everybody pass who was not planned for', async () => {
    const faults = faultControls();
    await faults.hit('record.before');
    await faults.hit('record.before');
    expect([faults.hits('record.before'), faults.hits('record.after')]).toEqual([2, 0]);
  });

  it('parks the n-th from now, until it is told to go on', async () => {
    const faults = faultControls();
    await faults.hit('takein.after');
    const arrival = faults.parkAt('takein.after', 2);
    await faults.hit('takein.after');
    await faults.hit('dispatch.after');
    const hit = faults.hit('takein.after');
    const parked = await arrival;
    expect([parked.point, await stateOf(hit)]).toEqual(['takein.after', 'parked']);
    await faults.hit('takein.after');
    parked.resume();
    expect(await stateOf(hit)).toBe('passed');
  });

  it('fails the n-th, or one that is parked', async () => {
    const faults = faultControls();
    faults.throwAt('tcc.decided', new Error('planned'), 2);
    await faults.hit('tcc.decided');
    await expect(faults.hit('tcc.decided')).rejects.toThrow('planned');
    await faults.hit('tcc.decided');
    const arrival = faults.parkAt('tcc.decided');
    const hit = faults.hit('tcc.decided');
    (await arrival).fail(new Error('from outside'));
    await expect(hit).rejects.toThrow('from outside');
  });

  it('delays the n-th', async () => {
    const faults = faultControls();
    let go = (): void => undefined;
    faults.delayAt('step.afterEffect', () => new Promise((resolve) => (go = resolve)));
    const hit = faults.hit('step.afterEffect');
    expect(await stateOf(hit)).toBe('parked');
    go();
    expect(await stateOf(hit)).toBe('passed');
  });

  it('meets two plans for one point one after the other', async () => {
    const faults = faultControls();
    faults.throwAt('append.after', new Error('first'));
    faults.throwAt('append.after', new Error('second'), 2);
    await expect(faults.hit('append.after')).rejects.toThrow('first');
    await expect(faults.hit('append.after')).rejects.toThrow('second');
    await faults.hit('append.after');
  });

  it('lets all go at the end of a test', async () => {
    const faults = faultControls();
    const arrival = faults.parkAt('record.after');
    faults.throwAt('record.after', new Error('never'), 2);
    const hit = faults.hit('record.after');
    await arrival;
    faults.clear();
    expect(await stateOf(hit)).toBe('passed');
    await faults.hit('record.after');
  });
});
