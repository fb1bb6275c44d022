// Goal: those who wait for a session are answered, and leave nothing behind however many they are.
// Method: a store that opens its sessions when it is told to.
import type { Store } from '@tenon/core';
import { systemClock } from './clock/clock';
import { Outage } from './outage';
import { guardedObserver } from './observer';
import { SessionKeeper } from './session';

const logger = { log: () => undefined, warn: () => undefined, error: () => undefined };

function keeper(openSession: Store['openSession']): SessionKeeper {
  const store = {
    openSession,
    renewSession: async () => true,
    closeSession: async () => undefined,
  } as unknown as Store;
  const clock = systemClock;
  const outage = new Outage({ clock, logger, classify: () => 'other' });
  return new SessionKeeper({
    ...{
      store,
      clock,
      logger,
      outage,
      workerName: 'w',
      sessionMs: 60_000,
      observer: guardedObserver({}, logger),
      roles: ['worker'],
      versions: {},
    },
  });
}

it('waits for a session add no listener each, and are all answered when it opens', async () => {
  let open: (id: string) => void = () => undefined;
  const sessions = keeper(() => new Promise((resolve) => (open = resolve)));
  const started = sessions.start();
  const added = jest.spyOn(EventTarget.prototype, 'addEventListener');
  const waits = Array.from({ length: 100 }, () => sessions.living());
  expect(added).not.toHaveBeenCalled();
  added.mockRestore();
  open('7');
  expect((await Promise.all(waits)).map((session) => session?.id)).toEqual(Array(100).fill('7'));
  await started;
  await sessions.stop();
});

it('waits for a session end with null at shutdown, also those that begin behind it', async () => {
  const sessions = keeper(() => new Promise(() => undefined));
  const started = sessions.start();
  const wait = sessions.living();
  await sessions.stop();
  expect(await wait).toBeNull();
  expect(await sessions.living()).toBeNull();
  await started;
});
