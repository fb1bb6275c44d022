// Goal: a list shows exactly what its filter says, in the order of ids, whatever the filter and however it is cut into pages.
// Method: operations in all states; every combination of filters is compared with the whole list, filtered here.
import {
  MARKER_STATUSES,
  SAGA_STATES,
  type MarkerFilter,
  type PageRequest,
  type SagaFilter,
} from '@tenon/core';
import { ends, nextRow, operated, pauses, stays, waits } from './saga-records';
import { auditOf, FIRST_PAGE, idsOf, LONG_MS, UNKNOWN_TYPE, useScene, type Scene } from './scene';
import type { OpenStore } from './store-under-test';

const BATCH = 70;
const THREE_HOURS_MS = 10_800_000;

/** No filter, one name, and two of them, next to each other and far apart. */
function some<Name>(names: readonly Name[]): readonly (readonly Name[] | undefined)[] {
  const pairs = names.map((name, index) => [name, names[(3 * index + 1) % names.length]!]);
  return [undefined, ...names.map((name) => [name]), ...pairs];
}

const KEYS = [undefined, 'a', 'nobody’s'];
const TYPES = [undefined, ['alpha'], ['beta', UNKNOWN_TYPE]];

/** Operations in every state, of two types, with keys and without. */
async function fill<T>(scene: Scene<T>): Promise<void> {
  const sessionId = await scene.session();
  const exits = [
    ends,
    (saga) => pauses(saga, true),
    (saga) => pauses(saga, false),
    (saga) => waits(saga, LONG_MS),
    (saga) => stays(saga),
    (saga) => ({ ...ends(saga), exit: { kind: 'ends', marker: 'dead', reason: 'bad' } }),
    (saga) => {
      const last = nextRow(saga, { to: 'compensated', outcome: 'moved', from: 'compensating' });
      const first = nextRow(saga, { to: 'compensating', outcome: 'refused' });
      const exit = { kind: 'ends', marker: 'done', reason: 'no' } as const;
      return { ...stays(saga, [first, { ...last, seq: 2 }]), exit };
    },
  ] satisfies ((saga: Parameters<typeof ends>[0]) => Parameters<typeof scene.record>[1])[];
  for (const type of ['alpha', 'beta']) {
    for (const exit of exits) {
      for (const key of ['a', null])
        await scene.record(
          sessionId,
          exit(
            await scene.hold(sessionId, {
              type,
              key: key && `${key}${exits.indexOf(exit)}${type}`,
            }),
          ),
        );
    }
    const killed = await scene.hold(sessionId, { type, key: 'a' });
    const kill = { kind: 'ends', reason: 'enough' } as const;
    const { operator } = scene.store;
    await operator.operate(
      killed.id,
      operated(killed, 'killed', 'kill'),
      kill,
      auditOf('kill', killed.id),
    );
  }
  await scene.append({ key: 'a' }, { key: 'a' }, { key: 'a', type: 'beta' });
  await scene.takeIn(sessionId);
  const [, withdrawn, discarded] = await scene.append(
    { delayMs: LONG_MS },
    {},
    {},
    { type: UNKNOWN_TYPE },
  );
  for (const id of [withdrawn!, discarded!])
    await scene.store.operator.withdraw(id, 'no', auditOf('kill', id));
  await scene.store.operator.discard(discarded!, 'never', auditOf('discard', discarded!));
}

export function describeOperatorLists<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const sagas = (
    filter: SagaFilter,
    page: Partial<PageRequest> = {},
  ): Promise<readonly { id: string; createdAt: Date }[]> =>
    scene().store.operator.listSagas(filter, { ...FIRST_PAGE, ...page });
  const markers = (
    filter: MarkerFilter,
    page: Partial<PageRequest> = {},
  ): Promise<readonly { id: string }[]> =>
    scene().store.operator.listMarkers(filter, { ...FIRST_PAGE, ...page });

  /** Reads a list to its end, three rows at a time. */
  async function read(
    list: (page: PageRequest) => Promise<readonly { id: string }[]>,
    oldestFirst: boolean,
  ): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let after: string | null = null; ;) {
      const rows = await list({ after, limit: 3, oldestFirst });
      ids.push(...rows.map(({ id }) => id));
      if (rows.length < 3) return ids;
      after = rows.at(-1)!.id;
    }
  }

  describe('lists of operators', () => {
    it('of sagas keep every filter, and say what is known of each', async () => {
      await fill(scene());
      const all = await scene().store.operator.listSagas({}, FIRST_PAGE);
      expect(all.map(({ id }) => id)).toEqual([...idsOf(all)].reverse());
      expect(new Set(all.map(({ state }) => state))).toEqual(
        new Set(['completed', 'paused', 'ready', 'running', 'compensated', 'killed']),
      );
      for (const states of some(SAGA_STATES)) {
        for (const types of TYPES) {
          for (const key of KEYS) {
            const filter = {
              ...(states && { states }),
              ...(types && { types }),
              ...(key !== undefined && { key }),
            };
            const expected = all.filter(
              (saga) =>
                (states?.includes(saga.state) ?? true) &&
                (types?.includes(saga.type) ?? true) &&
                (key === undefined || saga.key === key),
            );
            expect({ filter, found: await sagas(filter) }).toEqual({ filter, found: expected });
          }
        }
      }
      const killed = all.find(({ state }) => state === 'killed');
      expect(killed).toMatchObject({ key: 'a', reason: 'enough', version: 3, type: 'beta' });
      expect(killed?.finishedAt).toBeInstanceOf(Date);
      expect(all.find(({ state }) => state === 'paused')).toMatchObject({
        reason: 'out of luck',
        finishedAt: null,
      });
    });

    it('of markers keep every filter, and say what is known of each', async () => {
      await fill(scene());
      const all = await scene().store.operator.listMarkers({}, FIRST_PAGE);
      expect(all.map(({ id }) => id)).toEqual([...idsOf(all)].reverse());
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set(MARKER_STATUSES));
      for (const statuses of some(MARKER_STATUSES)) {
        for (const types of TYPES) {
          for (const key of KEYS) {
            const filter = {
              ...(statuses && { statuses }),
              ...(types && { types }),
              ...(key !== undefined && { key }),
            };
            const expected = all.filter(
              (marker) =>
                (statuses?.includes(marker.status) ?? true) &&
                (types?.includes(marker.type) ?? true) &&
                (key === undefined || marker.key === key),
            );
            expect({ filter, found: await markers(filter) }).toEqual({ filter, found: expected });
          }
        }
      }
      expect(all.find(({ status }) => status === 'dead')).toMatchObject({
        reason: 'no',
        priority: 0,
        key: null,
      });
    });

    it('go on behind the last row of the page before, in both orders', async () => {
      await fill(scene());
      const filters: readonly SagaFilter[] = [
        {},
        { types: ['alpha'] },
        { states: ['completed', 'paused', 'running'] },
      ];
      for (const filter of filters) {
        const expected = (await sagas(filter)).map(({ id }) => id);
        expect(await read((page) => sagas(filter, page), false)).toEqual(expected);
        expect(await read((page) => sagas(filter, page), true)).toEqual([...expected].reverse());
      }
      const dead = (await markers({ statuses: ['dead', 'done'] })).map(({ id }) => id);
      expect(await read((page) => markers({ statuses: ['dead', 'done'] }, page), true)).toEqual(
        [...dead].reverse(),
      );
      const ofKey = (await sagas({ key: 'a' })).map(({ id }) => id);
      expect(await read((page) => sagas({ key: 'a' }, page), false)).toEqual(ofKey);
    });

    it('of sagas keep a span of time, from its begin to just before its end', async () => {
      const sessionId = await scene().session(100 * THREE_HOURS_MS);
      for (let batch = 0; batch < 3; batch += 1) {
        if (batch > 0) await scene().passTime(THREE_HOURS_MS);
        await scene().append(...Array.from({ length: BATCH }, () => ({})));
      }
      await scene().takeIn(sessionId, { limit: 500, inlineMax: 500 });
      const all = await sagas({}, { limit: 500, oldestFirst: true });
      expect(all).toHaveLength(3 * BATCH);
      const [second, third] = [all[BATCH]!.createdAt, all[2 * BATCH]!.createdAt];
      const count = async (filter: SagaFilter): Promise<number> =>
        (await sagas(filter, { limit: 500 })).length;
      expect(await count({ createdFrom: second })).toBe(2 * BATCH);
      expect(await count({ createdTo: third })).toBe(2 * BATCH);
      expect(await count({ createdFrom: second, createdTo: third })).toBe(BATCH);
      expect(
        await count({ createdFrom: second, createdTo: third, types: ['alpha'], states: ['ready'] }),
      ).toBe(BATCH);
      expect(await count({ createdFrom: third, createdTo: second })).toBe(0);
      expect(await count({ createdFrom: second, states: ['completed'] })).toBe(0);
      expect(await count({ createdFrom: second, key: 'a' })).toBe(0);
      expect(await count({ createdTo: new Date(8.64e15), createdFrom: new Date(-8.64e15) })).toBe(
        3 * BATCH,
      );
      expect(await count({ createdFrom: new Date(8.64e15) })).toBe(0);
      const page = await sagas({ createdFrom: second, createdTo: third }, { limit: 5 });
      expect(idsOf(page)).toEqual(all.slice(2 * BATCH - 5, 2 * BATCH).map(({ id }) => id));
    });

    it('are never longer than they may be, and empty for pages that cannot be', async () => {
      await scene().append(...Array.from({ length: 501 }, () => ({})));
      expect(await markers({}, { limit: 1e9 })).toHaveLength(500);
      expect(await markers({}, { limit: 1.9 })).toHaveLength(1);
      for (const limit of [0, -1, NaN]) expect(await markers({}, { limit })).toEqual([]);
      const none: readonly Partial<PageRequest>[] = [
        'abc',
        '',
        '1\0',
        '99999999999999999999',
        '-1',
        '1;',
      ].map((after) => ({ after, oldestFirst: true }));
      for (const page of none) {
        expect(await markers({}, page)).toEqual([]);
        expect(await scene().store.operator.listAudit({ ...FIRST_PAGE, ...page })).toEqual([]);
      }
    });

    it('of what no row can have are empty', async () => {
      await fill(scene());
      const half = '\uD800';
      const long = 'x'.repeat(100_000);
      for (const text of ['a\0', half, long, "'", '%', '']) {
        expect(await sagas({ key: text })).toEqual([]);
        expect(await sagas({ types: [text] })).toEqual([]);
        expect(await sagas({ types: [text], states: ['completed', 'running'] })).toEqual([]);
        expect(await markers({ key: text })).toEqual([]);
        expect(await markers({ types: [text] })).toEqual([]);
      }
      expect(await sagas({ types: ['a\0', 'alpha'] })).not.toEqual([]);
      expect(await sagas({ states: [] })).toEqual([]);
      expect(await sagas({ types: [] })).toEqual([]);
      expect(await markers({ statuses: [] })).toEqual([]);
      expect(await sagas({ createdFrom: new Date(NaN) })).toEqual([]);
    });

    it('of sessions show the living, the lapsed, and those that ended within a day', async () => {
      const { store } = scene();
      const [living, closed, lapsed] = [
        await scene().session(100 * THREE_HOURS_MS),
        await scene().session(),
        await scene().session(1_000),
      ];
      await store.closeSession(closed);
      await scene().passTime(2_000);
      await store.endLapsedSessions();
      const list = (): ReturnType<typeof store.operator.listSessions> =>
        store.operator.listSessions(FIRST_PAGE);
      const rows = await list();
      expect(rows.map(({ id }) => id)).toEqual([lapsed, closed, living]);
      expect(rows.map(({ endedAt, hasLapsed }) => [endedAt !== null, hasLapsed])).toEqual([
        [true, true],
        [true, false],
        [false, false],
      ]);
      expect(rows[2]).toMatchObject({
        ...{
          worker: 'conformance',
          roles: ['relay', 'worker'],
          versions: { alpha: [1], beta: [1] },
        },
        ...{ startedAt: expect.any(Date) as Date, renewedAt: expect.any(Date) as Date },
      });
      expect(rows[2]?.expiresInMs).toBeGreaterThan(THREE_HOURS_MS);
      expect(rows[0]?.expiresInMs).toBeLessThan(0);
      await scene().passTime(9 * THREE_HOURS_MS);
      expect((await list()).map(({ id }) => id)).toEqual([living]);
    });
  });
}
