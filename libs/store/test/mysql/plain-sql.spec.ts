// Goal: an INSERT that a person types, or a program that knows nothing of Tenon sends, is carried out when it says.
// Method: sessions of other time zones, and of a server that is not strict, write markers in plain SQL.
import type { SagaRecord } from '@tenon/core';
import type { QueryRunner } from 'typeorm';
import { describeIf } from '../../../../test/servers';
import { TYPES, useScene } from './scene';

const HOUR_MS = 3_600_000;

describeIf('mariadb', 'plain SQL', () => {
  const scene = useScene();

  async function typed(
    timeZone: string,
    work: (runner: QueryRunner) => Promise<void>,
  ): Promise<void> {
    const runner = scene().dataSource.createQueryRunner();
    await runner.query(`SET time_zone = ?, sql_mode = ''`, [timeZone]);
    await work(runner);
    await runner.query(`SET time_zone = DEFAULT, sql_mode = DEFAULT`);
    await runner.release();
  }

  it.each(['+00:00', '+09:30', '-08:00'])(
    'is due at once in the time zone %s',
    async (timeZone) => {
      const { store, sessionId } = scene();
      await typed(timeZone, async (runner) => {
        await runner.query(
          `INSERT INTO op_log (op_type, op_key, payload) VALUES ('transfer', '576', '{"amount": "10.00"}')`,
        );
        await runner.query(`INSERT INTO op_log (op_type) VALUES ('transfer')`);
      });
      const request = { limit: 9, inlineMax: 9, sessionId, types: TYPES, requeueMs: 60_000 };
      const { held } = await store.takeIn(request);
      expect(held).toMatchObject([
        { type: 'transfer', key: '576', payload: { amount: '10.00' } },
        { key: null, payload: {} },
      ]);
      const ended = held.map(({ id, fence }): SagaRecord => ({
        ...{ id, fence, transitions: [], state: 'killed', seq: 0 },
        exit: { kind: 'ends', marker: 'done', reason: null },
      }));
      expect((await store.record(ended, sessionId)).recorded.size).toBe(2);
    },
  );

  it.each(['+00:00', '+09:30', '-08:00'])(
    'is due in an hour in the time zone %s',
    async (timeZone) => {
      const type = `later${timeZone}`;
      await typed(timeZone, async (runner) => {
        await runner.query(
          `INSERT INTO op_log (op_type, due_at) VALUES (?, now() + INTERVAL 1 HOUR)`,
          [type],
        );
      });
      const ms = await scene().store.nextDueMs([{ type, version: 1 }], 9 * HOUR_MS);
      expect(ms).toBeGreaterThan(HOUR_MS - 60_000);
      expect(ms).toBeLessThanOrEqual(HOUR_MS);
    },
  );

  it('that is no JSON, or a status that there is not, is refused', async () => {
    await typed('+00:00', async (runner) => {
      await expect(
        runner.query(`INSERT INTO op_log (op_type, payload) VALUES ('transfer', '{nonsense')`),
      ).rejects.toMatchObject({ errno: 4025 });
      await expect(
        runner.query(`INSERT INTO op_log (op_type, status) VALUES ('transfer', 'maybe')`),
      ).rejects.toMatchObject({ errno: 4025 });
    });
  });
});
