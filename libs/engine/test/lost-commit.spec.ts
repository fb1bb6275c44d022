// Goal: M1 of the reliability notes, through the whole engine. An answer to a COMMIT that never comes back, and a COMMIT
// that never arrives, look the same to who sent it; whichever it was, every saga ends, and every effect happens once.
// Method: a proxy between the engine and the database cuts connections at the commits of one kind. The effect table has no
// unique key, so that what happens twice shows.
import { saga, type ExternalContext, type TransactionalContext } from '@tenon/core';
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
    caller: /^Q[^]{4}COMMIT/,
    step: /^Q[^]{4}COMMIT/,
    'group commit': /tenon_record\0/,
    'take-in': /tenon_take_in\0/,
    adoption: /tenon_adopt\0/,
    release: /tenon_release_keys\0/,
    renewal: /tenon_renew_session\0/,
  },
  mariadb: {
    caller: /^[^]{4}\x03COMMIT$/,
    step: /^[^]{4}\x03COMMIT$/,
    'group commit': /SET s\.state = r\.state[^]*COMMIT; /,
    'take-in': /INSERT INTO saga [^]*COMMIT; /,
    adoption: /SET session_id = [^]*COMMIT; /,
    release: /UPDATE op_log [^]*COMMIT; /,
    renewal: /UPDATE worker_session SET renewed_at [^]*COMMIT; /,
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

    describe.each(['answer', 'request'] as const)('before its %s comes through', (lost) => {
      it('is tried again by a caller with the same idempotency key: one saga, one business row', async () => {
        const engine = await bed.start([sagas.local], options);
        const before = proxy.cuts;
        cutSome(lost, 'caller');
        const place = (key: string): Promise<string> =>
          bed.dataSource.transaction(async (tx) => {
            const started = await engine.client.start(
              tx,
              sagas.local,
              { key },
              { idempotencyKey: key },
            );
            if (!started.isDuplicate)
              await tx.query(`INSERT INTO effect (op_key, name) VALUES ('${key}', 'placed')`);
            return started.id;
          });
        const until = async (key: string): Promise<string> => {
          for (;;) {
            try {
              return await place(key);
            } catch (error) {
              expect(engine).toBeDefined();
              if (!(error instanceof Error)) throw error;
            }
          }
        };
        const keys = Array.from({ length: KEYS }, () => randomUUID());
        const ids = await Promise.all(keys.map(until));
        expect(proxy.cuts).toBeGreaterThan(before);
        await bed.isDone();
        expect(new Set(ids).size).toBe(KEYS);
        await holdsGood(5 + 1, KEYS);
      });

      it.each([
        ['step', 'local', 5, {}],
        ['group commit', 'remote', 3, {}],
        ['take-in', 'local', 5, {}],
        ['take-in', 'remote', 3, { inlineMax: 1_000 }],
        ['adoption', 'remote', 3, { inlineMax: 0, chunkSizeMax: 5 }],
        ['release', 'remote', 3, {}],
        ['renewal', 'local', 5, {}],
      ] as const)(
        'may be of a %s: %s sagas lose and double nothing',
        async (what, kind, each, more) => {
          const producer = bed.engine([], { roles: [] });
          await producer.start(() => undefined);
          await bed.dataSource.transaction((tx) =>
            producer.client.startMany(tx, sagas[kind], inputs),
          );
          const before = proxy.cuts;
          cutSome(lost, what);
          await bed.start([sagas[kind]], { ...options, ...more });
          await bed.isDone();
          if (what !== 'renewal') expect(proxy.cuts).toBeGreaterThan(before);
          await holdsGood(each);
        },
      );
    });
  });
});
