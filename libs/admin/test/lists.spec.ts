// Goal: lists are read page by page without a gap, never more than the cap at a time, and what is answered is what the
// documentation says.
// Method: some dozens of sagas, read in small pages; every answer is held against the schema that documents it.
import { PAGE_SIZE_MAX } from '@tenon/core';
import type { z } from 'zod';

import { describeIf } from '../../../test/servers';
import {
  auditAnswer,
  explanationAnswer,
  keysAnswer,
  markerSummary,
  orderAnswer,
  repairRunAnswer,
  sagaAnswer,
  sagaSummary,
  sessionAnswer,
  typesAnswer,
} from '../src/answers';
import { pageAnswer } from '../src/http/page';
import { DATABASES, openAdminBed, type AdminBed } from './admin-bed';

interface Page {
  readonly items: readonly { readonly id: string; readonly type: string }[];
  readonly next: string | null;
  readonly limit: number;
  readonly notice: string | null;
}

describeIf(DATABASES, 'lists', () => {
  describe.each(DATABASES)('on %s', (server) => {
    let bed: AdminBed;
    let ids: string[];
    beforeAll(async () => {
      bed = await openAdminBed(server);
      ids = [];
      for (let index = 0; index < 23; index += 1)
        ids.push(
          await bed.append({ key: `key-${index % 3}` }, index % 2 === 0 ? 'errand' : 'payroll'),
        );
      for (const id of ids) await bed.reaches(id, 'completed');
    });
    afterAll(() => bed.close());

    const pageOf = async (path: string): Promise<Page> => {
      const { status, body } = await bed.get(path);
      expect([status, body]).toEqual([200, expect.anything()]);
      return body as unknown as Page;
    };
    const walk = async (path: string): Promise<readonly string[]> => {
      const seen: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const page: Page = await pageOf(`${path}&limit=7${after === '' ? '' : `&after=${after}`}`);
        expect(page.items.length).toBeLessThanOrEqual(7);
        seen.push(...page.items.map(({ id }) => id));
        after = page.next;
      }
      return seen;
    };

    it.each(['sagas', 'op-log'])('of %s go through all, in either order', async (list) => {
      const newestFirst = [...ids].reverse();
      expect(await walk(`/v1/admin/${list}?sort=-id`)).toEqual(newestFirst);
      expect(await walk(`/v1/admin/${list}?sort=id`)).toEqual(ids);
      expect((await pageOf(`/v1/admin/${list}`)).items.map(({ id }) => id)).toEqual(newestFirst);
    });

    it('are narrowed by state, type, key and time', async () => {
      const errandIds = ids.filter((_, index) => index % 2 === 0);
      expect(await walk('/v1/admin/sagas?type=errand&sort=id')).toEqual(errandIds);
      expect(await walk('/v1/admin/sagas?type=errand,payroll&sort=id')).toEqual(ids);
      expect(await walk('/v1/admin/op-log?type=errand&sort=id')).toEqual(errandIds);
      const ofKey = ids.filter((_, index) => index % 3 === 1);
      expect(await walk('/v1/admin/sagas?key=key-1&sort=id')).toEqual(ofKey);
      expect(await walk('/v1/admin/op-log?key=key-1&status=done&sort=id')).toEqual(ofKey);
      expect(await walk('/v1/admin/sagas?state=paused,killed')).toEqual([]);
      expect(await walk('/v1/admin/sagas?state=completed&sort=id')).toEqual(ids);
      expect(await walk('/v1/admin/sagas?createdTo=2001-01-01T00:00:00Z')).toEqual([]);
      expect(await walk('/v1/admin/sagas?createdFrom=2001-01-01T00:00:00%2B02:00&sort=id')).toEqual(
        ids,
      );
    });

    it('are capped, and say so', async () => {
      for (const limit of ['1e9', '1000000000', '501'])
        expect(await pageOf(`/v1/admin/sagas?limit=${limit}`)).toMatchObject({
          limit: PAGE_SIZE_MAX,
          notice: expect.stringContaining(String(PAGE_SIZE_MAX)) as unknown,
        });
      expect(await pageOf('/v1/admin/sagas?limit=500')).toMatchObject({ limit: 500, notice: null });
    });

    it('answer what the documentation says', async () => {
      const id = ids[0]!;
      await bed.rows(
        `INSERT INTO op_log (op_type, status, reason) VALUES ('errand', 'dead', 'broken')`,
      );
      await bed.post('/v1/admin/types/idle/pause', { reason: 'for a look' });
      await bed.post('/v1/admin/repair/run', {}, 'admin');
      const expected: readonly [string, z.ZodType][] = [
        ['sagas', pageAnswer(sagaSummary)],
        ['op-log', pageAnswer(markerSummary)],
        ['dead-letters', pageAnswer(markerSummary)],
        [`sagas/${id}`, sagaAnswer],
        [`sagas/${id}/explain`, explanationAnswer],
        ['types', typesAnswer],
        ['repair/runs', pageAnswer(repairRunAnswer)],
        ['sessions', pageAnswer(sessionAnswer)],
        ['audit', pageAnswer(auditAnswer)],
        ['keys', keysAnswer],
      ];
      for (const [path, schema] of expected) {
        const { body } = await bed.get(`/v1/admin/${path}`, 'admin');
        const parsed = schema.safeParse(body);
        expect([path, parsed.error?.issues]).toEqual([path, undefined]);
      }
      await bed.post('/v1/admin/types/payroll/pause', { reason: 'for a look' });
      const fresh = await bed.append({}, 'payroll');
      const killed = await bed.post(`/v1/admin/sagas/${fresh}/kill`, { reason: 'not wanted' });
      expect(orderAnswer.safeParse(killed.body).error).toBeUndefined();
    });

    it('hold a saga in full', async () => {
      const { body } = await bed.get(`/v1/admin/sagas/${ids[0]!}`);
      expect(body).toMatchObject({
        id: ids[0],
        marker: { type: 'errand', key: 'key-0', status: 'done', payload: { key: 'key-0' } },
        saga: { state: 'completed', version: 1 },
        transitions: expect.arrayContaining([
          expect.objectContaining({ step: 'second', outcome: 'succeeded', result: 'done' }),
        ]) as unknown,
        jobs: { isQueued: false },
        holder: null,
      });
    });
  });
});
