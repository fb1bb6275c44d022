// Goal: M1 of the reliability notes, through the whole engine. An answer to a COMMIT that never comes back, and a COMMIT
// that never arrives, look the same to who sent it; whichever it was, every saga ends, and every effect happens once.
// Method: a proxy between the engine and the database cuts connections at the commits of one kind. The effect table has no
// unique key, so that what happens twice shows.
import { saga, type ExternalContext, type TransactionalContext } from '@tenon/core';
import type { Engine } from '@tenon/engine';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';

import { brokenChains } from '../../../test/broken-chains';
import { describeIf, testDatabase, type TestDatabase } from '../../../test/servers';
import { cutProxy, type CutProxy, type Lost } from '../../../test/servers/cut-proxy';
import { DATABASES, makeBed, type Bed } from './bed';
import { connect } from './connect';
import { effect, handler, keyOfWork, reserves, work, writes, type Work } from './handlers';

/** How the messages look that commit something, on the wire. */
const COMMITS = {
  postgres18: {
    step: /^Q[^]{4}COMMIT/,
    'group commit': /tenon_record\0/,
    'take-in': /tenon_take_in\0/,
    adoption: /tenon_adopt\0/,
    release: /tenon_release_keys\0/,
  },
  mariadb: {
    step: /^.{5}COMMIT$/s,
    'group commit': /SET s\.state = r\.state[^]*COMMIT; /,
    'take-in': /INSERT INTO saga [^]*COMMIT; /,
    adoption: /SET session_id = [^]*COMMIT; /,
    release: /UPDATE op_log [^]*COMMIT; /,
  },
} as const;

const SAGAS = 60;
const KEYS = 20;
/** Each of these many commits of a kind is cut, but no more than so many: everything gets on in between. */
const EVERY = 3;
const CUTS_MAX = 12;

describe.each(DATABASES)('%s', (server) => {
  describeIf(server, 'a commit whose connection breaks', () => {
    let database: TestDatabase;
    let proxy: CutProxy;
    let direct: DataSource;
    let bed: Bed;
    beforeAll(async () => {
      database = await testDatabase(server);
      proxy = await cutProxy(database.url);
      bed = await makeBed(proxy.url);
      direct = await connect(database.url, 2);
    });
    afterEach(async () => {
      proxy.heal();
      await bed.clear();
    });
    afterAll(async () => {
      await bed.close();
      await direct.destroy();
      await proxy.close();
      await database.drop();
    });

    /** Its effect is committed before the call answers, on a connection that nobody cuts. */
    const calls = handler({
      action: async (ctx: ExternalContext<Work>): Promise<void> =>
        effect(ctx as TransactionalContext<Work>, 'action', direct.manager),
    });
    const common = { version: 1, input: work, key: keyOfWork } as const;
    const sagas = {
      local: saga('local', common).tcc('a', reserves).tcc('b', reserves).step('c', writes),
      remote: saga('remote', common)
        .step('a', calls, { mode: 'external' })
        .step('b', calls, { mode: 'external' })
        .step('c', calls, { mode: 'external' }),
    };
    const inputs = Array.from({ length: SAGAS }, (_, count) => ({ key: `${count % KEYS}` }));
    const options = { sessionMs: 1_500, requeueMs: 500, pollMsMax: 100 };

    function cutSome(lost: Lost, what: keyof (typeof COMMITS)[typeof server]): void {
      let met = 0;
      const before = proxy.cuts;
      const isCut = (message: string): boolean =>
        COMMITS[server][what].test(message) &&
        proxy.cuts - before < CUTS_MAX &&
        met++ % EVERY === 0;
      proxy.cut(lost, isCut);
    }

    async function holdsGood(effectsOfEach: number, count = SAGAS): Promise<void> {
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(count);
      expect(await bed.count('op_log')).toBe(count);
      expect(await bed.effects()).toHaveLength(effectsOfEach * count);
      const doubles =
        'SELECT saga_id FROM effect GROUP BY saga_id, op_key, name HAVING count(*) > 1';
      expect(await bed.rows(doubles)).toEqual([]);
      expect(await brokenChains((sql) => bed.rows(sql))).toEqual([]);
    }

    /** An engine that only appends. */
    async function producing(): Promise<Engine> {
      const producer = bed.engine([], { roles: [] });
      await producer.start(() => undefined);
      return producer;
    }

    /** What a caller does that starts a saga, and writes a business row of its own with it. */
    async function place({ client }: Engine, key: string): Promise<string> {
      return bed.dataSource.transaction(async (tx) => {
        const begun = await client.start(tx, sagas.local, { key }, { idempotencyKey: key });
        if (!begun.isDuplicate)
          await tx.query(`INSERT INTO effect (op_key, name) VALUES ('${key}', 'placed')`);
        return begun.id;
      });
    }

    it.each(['answer', 'request'] as const)(
      'before its %s comes through is tried again by a caller with the same idempotency key',
      async (lost) => {
        const producer = await producing();
        cutSome(lost, 'step');
        let failures = 0;
        const insist = async (key: string): Promise<string> => {
          for (;;) {
            const id = await place(producer, key).catch(() => null);
            if (id !== null) return id;
            failures += 1;
          }
        };
        const keys = Array.from({ length: KEYS }, () => randomUUID());
        const ids = await Promise.all(keys.map(insist));
        expect(failures).toBeGreaterThan(0);
        expect(new Set(ids).size).toBe(KEYS);
        await bed.start([sagas.local], options);
        await bed.isDone();
        await holdsGood(5 + 1, KEYS);
      },
    );

    it.each([
      ['answer', 'step', 'local', 5, {}],
      ['request', 'step', 'local', 5, {}],
      ['answer', 'group commit', 'remote', 3, {}],
      ['request', 'group commit', 'remote', 3, {}],
      ['answer', 'take-in', 'local', 5, {}],
      ['request', 'take-in', 'local', 5, {}],
      ['answer', 'take-in', 'remote', 3, { inlineMax: 1_000 }],
      ['answer', 'adoption', 'remote', 3, { inlineMax: 0, chunkSizeMax: 5 }],
      ['answer', 'release', 'remote', 3, {}],
    ] as const)(
      'before its %s comes through, of a %s: %s sagas lose and double nothing',
      async (lost, what, kind, effectsOfEach, more) => {
        const { client } = await producing();
        await bed.dataSource.transaction((tx) => client.startMany(tx, sagas[kind], inputs));
        const before = proxy.cuts;
        cutSome(lost, what);
        await bed.start([sagas[kind]], { ...options, ...more });
        await bed.isDone();
        expect(proxy.cuts).toBeGreaterThan(before);
        await holdsGood(effectsOfEach);
      },
    );
  });
});
