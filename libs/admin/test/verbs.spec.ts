// Goal: every verb of an operator does what it says once, however often and by however many it is asked for at a time, and
// leaves one row in the history and one in the audit log; where the state does not allow it, it is refused with the reason.
// Method: sagas whose handlers fail or wait as the test has it, on both databases, over REST.
import { FinalError, refuse, VERBS, type Verb } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openAdminBed, type AdminBed } from './admin-bed';
import { gate } from './errand';

const REASON = 'the bank has called';

describeIf(DATABASES, 'an operator', () => {
  describe.each(DATABASES)('on %s', (server) => {
    let bed: AdminBed;
    beforeAll(async () => {
      bed = await openAdminBed(server);
    });
    afterEach(() => bed.moods.reset());
    afterAll(() => bed.close());

    /** A saga whose undoing has failed for good. */
    const paused = async (): Promise<string> => {
      bed.moods.set('action second', async () => refuse('out of stock'));
      bed.moods.set('compensate first', async () => {
        throw new FinalError('the shelf is locked');
      });
      const id = await bed.append();
      await bed.reaches(id, 'paused');
      return id;
    };
    /** A saga that waits a minute for its next attempt. */
    const waiting = async (): Promise<string> => {
      const failed = gate();
      bed.moods.set('action second', async (ctx) => {
        await failed.mood(ctx);
        throw new Error('the line is busy');
      });
      const id = await bed.append();
      await failed.isReached;
      failed.open();
      await eventuallyWaits(id);
      return id;
    };
    const eventuallyWaits = async (id: string): Promise<void> => {
      for (;;) {
        const { body } = await bed.get(`/v1/admin/sagas/${id}`);
        const { transitions, holder } = body as unknown as {
          transitions: { outcome: string }[];
          holder: unknown;
        };
        if (holder === null && transitions.at(-1)?.outcome === 'failed') return;
      }
    };
    const order = (id: string, verb: Verb, as: 'operator' | 'admin' = 'operator') =>
      bed.post(`/v1/admin/sagas/${id}/${verb}`, { reason: REASON }, as);

    it.each<[Verb, () => Promise<string>, string]>([
      ['retry', paused, 'compensated'],
      ['retry', waiting, 'completed'],
      ['resume', paused, 'compensated'],
      ['skip', paused, 'compensated'],
      ['mark-done', paused, 'compensated'],
      ['cancel', waiting, 'compensated'],
      ['kill', paused, 'killed'],
      ['kill', waiting, 'killed'],
    ])('%s of a saga: by two at once, and clicked again', async (verb, prepare, end) => {
      const id = await prepare();
      const door = gate();
      bed.moods.set('compensate first', door.mood);
      bed.moods.set('action second', door.mood);
      const together = await Promise.all([order(id, verb), order(id, verb, 'admin')]);
      const again = await order(id, verb);
      door.open();
      const answers = [...together, again].map(({ status, body }) => ({ status, ...body }));
      expect(answers).toEqual(
        answers.map((): unknown => expect.objectContaining({ status: 200, id })),
      );
      const changes = answers.map((answer) => 'changed' in answer && answer.changed);
      expect(changes.filter(Boolean)).toHaveLength(1);
      expect(again.body).toMatchObject({ changed: false, because: expect.any(String) as unknown });
      await bed.reaches(id, end);
      expect(await bed.count(`saga_transition WHERE saga_id = ${id} AND verb = '${verb}'`)).toBe(1);
      const audit = await bed.rows<object>(
        `SELECT actor, role, verb, reason FROM admin_audit WHERE target = '${id}'`,
      );
      expect(audit).toEqual([
        {
          actor: expect.stringMatching(/^the-(operator|admin)$/) as unknown,
          role: expect.stringMatching(/^(operator|admin)$/) as unknown,
          verb,
          reason: REASON,
        },
      ]);
    });

    it('is refused where the state does not allow it, and told why', async () => {
      const completed = await bed.append();
      await bed.reaches(completed, 'completed');
      for (const verb of VERBS) {
        const { status, body } = await order(completed, verb);
        expect([verb, status, body]).toEqual([
          verb,
          409,
          expect.objectContaining({
            code: 'TENON_CONFLICT',
            detail: expect.stringContaining('it has ended (completed)') as unknown,
          }),
        ]);
      }
      const waits = await waiting();
      for (const verb of ['resume', 'skip', 'mark-done'] as const)
        expect(await order(waits, verb)).toMatchObject({
          status: 409,
          body: { detail: expect.stringContaining('not paused') as unknown },
        });
      const stopped = await paused();
      expect(await order(stopped, 'cancel')).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('being undone') as unknown },
      });
      const stale = { reason: REASON, seq: 1 };
      expect(await bed.post(`/v1/admin/sagas/${stopped}/kill`, stale)).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('has moved on') as unknown },
      });
      const targets = [completed, waits, stopped].join("', '");
      expect(await bed.count(`admin_audit WHERE target IN ('${targets}')`)).toBe(0);
    });

    it('withdraws what was not taken in yet, once', async () => {
      await bed.post('/v1/admin/types/errand/pause', { reason: REASON });
      const id = await bed.append();
      expect(await order(id, 'retry')).toMatchObject({ status: 409 });
      expect(await order(id, 'cancel')).toMatchObject({ status: 200, body: { changed: true } });
      expect(await order(id, 'cancel')).toMatchObject({ status: 200, body: { changed: false } });
      const resumed = await bed.post('/v1/admin/types/errand/resume', { reason: REASON });
      expect(resumed.body).toEqual({ type: 'errand', isPaused: false, changed: true });
      expect(await bed.count(`admin_audit WHERE target = '${id}'`)).toBe(1);
      expect(await bed.count(`op_log WHERE id = ${id} AND status = 'dead'`)).toBe(1);
    });

    it('redrives and discards dead letters, once', async () => {
      const dead = async (): Promise<string> => {
        const before = await bed.count('op_log');
        await bed.rows(
          `INSERT INTO op_log (op_type, op_key, payload, status, reason) VALUES ('errand', 'k${before}', '{}', 'dead', 'broken')`,
        );
        const [row] = await bed.rows<{ id: string }>(
          `SELECT id FROM op_log WHERE op_key = 'k${before}'`,
        );
        return String(row?.id);
      };
      const [driven, given] = [await dead(), await dead()];
      const list = await bed.get('/v1/admin/dead-letters?type=errand&limit=500');
      const ids = (list.body as unknown as { items: { id: string }[] }).items.map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining([driven, given]));
      const at = (id: string, verb: string) =>
        bed.post(`/v1/admin/dead-letters/${id}/${verb}`, { reason: REASON });
      const redriven = await Promise.all([at(driven, 'redrive'), at(driven, 'redrive')]);
      expect(redriven.filter(({ body }) => body.changed)).toHaveLength(1);
      await bed.reaches(driven, 'completed');
      expect(await at(driven, 'discard')).toMatchObject({ status: 200, body: { changed: false } });
      const discarded = await Promise.all([at(given, 'discard'), at(given, 'discard')]);
      expect(discarded.filter(({ body }) => body.changed)).toHaveLength(1);
      expect(discarded.map(({ status }) => status)).toEqual([200, 200]);
      expect(await at(given, 'redrive')).toMatchObject({ status: 409 });
      for (const id of [driven, given])
        expect(await bed.count(`admin_audit WHERE target = '${id}'`)).toBe(1);
    });

    it('pauses and resumes a type, once', async () => {
      const at = (verb: string) => bed.post(`/v1/admin/types/payroll/${verb}`, { reason: REASON });
      const pauses = await Promise.all([at('pause'), at('pause')]);
      expect(pauses.filter(({ body }) => body.changed)).toHaveLength(1);
      const types = await bed.get('/v1/admin/types');
      expect(types.body.items).toContainEqual(
        expect.objectContaining({
          type: 'payroll',
          pause: expect.objectContaining({ by: 'the-operator', reason: REASON }) as unknown,
        }),
      );
      const id = await bed.append({}, 'payroll');
      const resumes = await Promise.all([at('resume'), at('resume')]);
      expect(resumes.filter(({ body }) => body.changed)).toHaveLength(1);
      await bed.reaches(id, 'completed');
      expect(await bed.count(`admin_audit WHERE target = 'payroll'`)).toBe(2);
    });

    it('runs repair, every rule or one, and leaves a row of each', async () => {
      const all = await bed.post('/v1/admin/repair/run', {}, 'admin');
      const rules = (all.body as unknown as { runs: { rule: string; error: null }[] }).runs;
      expect(rules.map(({ rule }) => rule)).toContain('lapsed-sessions');
      expect(rules.map(({ error }) => error)).toEqual(rules.map(() => null));
      const one = await bed.post(
        '/v1/admin/repair/run?rule=parked-heads',
        { reason: REASON },
        'admin',
      );
      expect(one.body).toMatchObject({ runs: [{ rule: 'parked-heads' }] });
      const none = await bed.post('/v1/admin/repair/run?rule=nothing', {}, 'admin');
      expect(none).toMatchObject({
        status: 404,
        body: { detail: expect.stringContaining('parked-heads') as unknown },
      });
      const runs = await bed.get('/v1/admin/repair/runs?limit=500');
      const seen = (runs.body as unknown as { items: { rule: string }[] }).items;
      expect(seen.map(({ rule }) => rule)).toEqual(
        expect.arrayContaining(rules.map(({ rule }) => rule)),
      );
      const audit = await bed.rows(
        `SELECT verb, target, reason FROM admin_audit WHERE verb = 'repair' ORDER BY id`,
      );
      expect(audit).toEqual([
        { verb: 'repair', target: 'all', reason: null },
        { verb: 'repair', target: 'parked-heads', reason: REASON },
      ]);
    });
  });
});
