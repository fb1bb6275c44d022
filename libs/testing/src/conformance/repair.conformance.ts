// Goal: what the flow should never leave behind is found and mended, and nothing that is in order is touched.
// Method: crashes are staged by leaving out a call (release, adoption, renewal); then one rule runs.
import { callOf, ends, pauses, row, stays, waits } from './saga-records';
import { UNKNOWN_TYPE, idsOf, useScene } from './scene';
import type { OpenStore } from './store-under-test';

const GRACE_MS = 60_000;

export function describeRepair<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('buryUnserved', () => {
    it('buries what no living session can run, once it has been pending for longer than the grace', async () => {
      await scene().session();
      const [unknown, known] = await scene().append({ type: UNKNOWN_TYPE }, {});
      expect(await scene().store.buryUnserved(GRACE_MS)).toBe(0);
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.buryUnserved(GRACE_MS)).toBe(1);
      expect(await scene().statuses([unknown!, known!])).toEqual(['dead', 'pending']);
      const report = await scene().find(unknown!);
      expect(report.reason).toEqual(expect.any(String));
      expect(report.finishedAt).toBeInstanceOf(Date);
      expect(await scene().store.buryUnserved(GRACE_MS)).toBe(0);
    });

    it('leaves what some living session can run', async () => {
      await scene().session();
      await scene().session(10 * GRACE_MS, [UNKNOWN_TYPE]);
      const [id] = await scene().append({ type: UNKNOWN_TYPE });
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.buryUnserved(GRACE_MS)).toBe(0);
      expect(await scene().statuses([id!])).toEqual(['pending']);
    });

    it('leaves what a session could run that ended lately: its service is being deployed', async () => {
      await scene().session();
      const gone = await scene().session(10 * GRACE_MS, [UNKNOWN_TYPE]);
      const [id] = await scene().append({ type: UNKNOWN_TYPE });
      await scene().store.closeSession(gone);
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.buryUnserved(GRACE_MS)).toBe(0);
      expect(await scene().statuses([id!])).toEqual(['pending']);
    });

    it('frees the key: what waited behind the dead one runs', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a', type: UNKNOWN_TYPE }, { key: 'a' });
      await scene().takeIn(sessionId);
      await scene().passTime(GRACE_MS + 1);
      await scene().store.buryUnserved(GRACE_MS);
      await scene().store.freeParkedHeads(0);
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([ids[1]]);
    });
  });

  describe('freeParkedHeads', () => {
    it('frees what was left behind by a crash between the end and the release of its key', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append({ key: 'a' }, { key: 'a' }, { key: 'a' });
      const { held } = await scene().takeIn(sessionId);
      await scene().record(sessionId, ...held.map(ends));
      expect((await scene().takeIn(sessionId)).held).toEqual([]);
      expect(await scene().store.freeParkedHeads(GRACE_MS)).toBe(0);
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.freeParkedHeads(GRACE_MS)).toBe(1);
      expect(idsOf((await scene().takeIn(sessionId)).held)).toEqual([ids[1]]);
    });

    it('leaves what waits behind a living or a paused one', async () => {
      const sessionId = await scene().session();
      const ids = await scene().append(
        { key: 'a' },
        { key: 'a' },
        { key: 'b' },
        { key: 'b' },
        { key: 'c', delayMs: 10 * GRACE_MS },
        { key: 'c' },
      );
      const { held } = await scene().takeIn(sessionId);
      await scene().record(
        sessionId,
        pauses(
          held.find(({ key }) => key === 'b')!,
          false,
        ),
      );
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.freeParkedHeads(GRACE_MS)).toBe(0);
      expect(await scene().statuses([ids[1]!, ids[3]!, ids[5]!])).toEqual([
        'parked',
        'parked',
        'parked',
      ]);
    });

    it('finds them among hundreds of keys whose markers wait in order, and behind a deep one', async () => {
      const sessionId = await scene().session();
      const keys = [...Array.from({ length: 520 }, (_, i) => `k${i}`), 'Z', 'é', 'z'];
      const drafts = keys.flatMap((key) => [{ key }, { key }]);
      const deep = Array.from({ length: 300 }, () => ({ key: 'k' }));
      await scene().append(...drafts, ...deep);
      const limit = drafts.length + deep.length;
      const { held } = await scene().takeIn(sessionId, { limit, inlineMax: limit });
      expect(held).toHaveLength(keys.length + 1);
      const ended = ['Z', 'k', 'k0', 'k400', 'k519', 'z', 'é'];
      const done = held.filter(({ key }) => ended.includes(key ?? '-'));
      await scene().record(sessionId, ...done.map(ends));
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.freeParkedHeads(GRACE_MS)).toBe(ended.length);
      const next = await scene().takeIn(sessionId);
      expect(next.held.map(({ key }) => key).sort()).toEqual(ended);
      expect(await scene().store.freeParkedHeads(GRACE_MS)).toBe(0);
    });
  });

  describe('tidyFences', () => {
    it('deletes the fences of long ended sagas, a limited number at a time, and a late call still does nothing', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      for (const [index, step] of ['a', 'b', 'c'].entries()) {
        await scene().step(callOf(saga, sessionId, 'action', step), step, [
          row(index + 1, { step }),
        ]);
      }
      const end = {
        ...stays(saga, [row(4, { to: 'completed' })]),
        exit: { kind: 'ends', marker: 'done', reason: null },
      } as const;
      await scene().record(sessionId, end);
      expect(await scene().store.tidyFences(GRACE_MS, 100)).toBe(0);
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.tidyFences(GRACE_MS, 2)).toBe(2);
      expect(await scene().store.tidyFences(GRACE_MS, 100)).toBe(1);
      expect(await scene().step(callOf(saga, sessionId, 'action', 'a'), 'again', [row(5)])).toBe(
        'overtaken',
      );
      expect(await scene().effects()).toEqual(['a', 'b', 'c']);
    });

    it('keeps the fences of sagas that live', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      await scene().step(callOf(saga, sessionId), 'once', [row(1)]);
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.tidyFences(GRACE_MS, 100)).toBe(0);
      expect(await scene().step(callOf(saga, sessionId), 'twice', [row(2)])).toBe('overtaken');
    });
  });

  describe('tidySessions', () => {
    it('deletes sessions that ended long ago, a limited number at a time, and leaves the others', async () => {
      const living = await scene().session(10 * GRACE_MS);
      for (let count = 0; count < 3; count++)
        await scene().store.closeSession(await scene().session());
      expect(await scene().store.tidySessions(GRACE_MS, 100)).toBe(0);
      await scene().passTime(GRACE_MS + 1);
      const late = await scene().session();
      await scene().store.closeSession(late);
      expect(await scene().store.tidySessions(GRACE_MS, 2)).toBe(2);
      expect(await scene().store.tidySessions(GRACE_MS, 100)).toBe(1);
      expect(await scene().store.tidySessions(GRACE_MS, 100)).toBe(0);
      expect(await scene().store.renewSession(living, GRACE_MS)).toBe(true);
    });

    it('leaves one that lapsed long ago to those who end it and free what it held', async () => {
      const gone = await scene().session(GRACE_MS);
      const saga = await scene().hold(gone);
      await scene().passTime(3 * GRACE_MS);
      expect(await scene().store.tidySessions(GRACE_MS, 100)).toBe(0);
      expect(await scene().store.endLapsedSessions()).toBe(1);
      const { held } = await scene().takeDue(await scene().session());
      expect(idsOf(held)).toEqual([saga.id]);
      await scene().passTime(GRACE_MS + 1);
      expect(await scene().store.tidySessions(GRACE_MS, 100)).toBe(1);
    });
  });

  describe('tidyRepairRuns', () => {
    it('deletes the oldest runs, a limited number at a time, and keeps the late ones', async () => {
      const { store } = scene();
      const run = { rule: 'r', found: 0, repaired: 0, durationMs: 1, error: null };
      for (let count = 0; count < 3; count++) await store.recordRepair(run);
      expect(await store.tidyRepairRuns(GRACE_MS, 100)).toBe(0);
      await scene().passTime(GRACE_MS + 1);
      await store.recordRepair(run);
      expect(await store.tidyRepairRuns(GRACE_MS, 2)).toBe(2);
      expect(await store.tidyRepairRuns(GRACE_MS, 100)).toBe(1);
      expect(await store.tidyRepairRuns(GRACE_MS, 100)).toBe(0);
    });
  });

  describe('reports', () => {
    it('a repair run is recorded, with or without an error', async () => {
      const run = { rule: 'free-parked-heads', found: 2, repaired: 1, durationMs: 5 };
      await scene().store.recordRepair({ ...run, error: null });
      await scene().store.recordRepair({ ...run, error: 'connection lost' });
    });

    it('findSaga knows nothing of an id that is not there', async () => {
      expect(await scene().store.findSaga('999999999')).toBeNull();
    });

    it('blockedKeys tells the keys whose head is paused or waits while others stand behind it', async () => {
      const sessionId = await scene().session();
      const two = (key: string, delayMs = 0): readonly { key: string; delayMs: number }[] => [
        { key, delayMs },
        { key, delayMs: 0 },
      ];
      const ids = await scene().append(
        ...two('paused'),
        { key: 'paused' },
        ...two('waits'),
        ...two('later', GRACE_MS),
        ...two('runs'),
      );
      await scene().append({ key: 'alone', delayMs: GRACE_MS });
      const { held } = await scene().takeIn(sessionId);
      const of = (key: string): (typeof held)[number] => held.find((saga) => saga.key === key)!;
      await scene().record(sessionId, pauses(of('paused'), false), waits(of('waits'), GRACE_MS));
      const blocked = await scene().store.blockedKeys(10);
      expect([...blocked].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
        { key: 'later', headId: ids[5], headType: 'alpha', headState: 'pending', waiting: 1 },
        { key: 'paused', headId: ids[0], headType: 'alpha', headState: 'paused', waiting: 2 },
        { key: 'waits', headId: ids[3], headType: 'alpha', headState: 'ready', waiting: 1 },
      ]);
      expect(await scene().store.blockedKeys(2)).toHaveLength(2);
    });

    it('the schema can be brought up to date again, by several at once', async () => {
      const saga = await scene().hold(await scene().session());
      await Promise.all([scene().store.migrate(), scene().store.migrate()]);
      expect(await scene().find(saga.id)).toMatchObject({ state: 'ready' });
    });
  });
}
