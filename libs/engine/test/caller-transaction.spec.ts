// Goal: an operation happens exactly if the transaction that asked for it commits, whatever form that transaction has.
// Method: append through each of them on real servers, commit or roll back, and look for the handler's effect.
import { DuplicateError, saga, UsageError, type CallerTx } from '@tenon/core';
import type { Engine } from '@tenon/engine';
import type { DataSource } from 'typeorm';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import { connect } from './connect';
import { work, writes, type Work } from './handlers';

const record = saga('record', { version: 1, input: work }).step('write', writes);

for (const server of DATABASES) {
  describeIf(server, `the caller's transaction on ${server}`, () => {
    let bed: Bed;
    let engine: Engine;
    beforeAll(async () => {
      bed = await openBed(server);
    });
    beforeEach(async () => {
      engine = await bed.start([record], { pollMsMax: 200 });
    });
    afterEach(() => bed.clear());
    afterAll(() => bed.close());

    const start = (tx: CallerTx, input: Work = {}) => engine.client.start(tx, record, input);
    const begin = async () => {
      const runner = bed.dataSource.createQueryRunner();
      await runner.startTransaction();
      return runner;
    };

    it('of an EntityManager carries out what was appended when it commits', async () => {
      const { id } = await bed.dataSource.transaction((tx) => start(tx));
      const report = await bed.reaches(engine, id, 'completed');
      expect(await bed.effects(id)).toEqual(['action write']);
      expect(report).toMatchObject({ type: 'record', markerStatus: 'done', payload: {} });
    });

    it('of a QueryRunner carries out what was appended when it commits', async () => {
      const runner = await begin();
      const { id } = await start(runner);
      await runner.commitTransaction();
      await runner.release();
      await bed.reaches(engine, id, 'completed');
      expect(await bed.effects(id)).toEqual(['action write']);
    });

    it('leaves nothing when it rolls back, also of what a savepoint had released', async () => {
      const runner = await begin();
      await runner.manager.transaction((tx) => start(tx));
      await start(runner);
      await runner.rollbackTransaction();
      await runner.release();
      // What comes behind it is carried out, so what it left would have been too.
      const id = await bed.append(engine, record);
      await bed.reaches(engine, id, 'completed');
      expect(await bed.count('op_log')).toBe(1);
      expect(await bed.effects()).toEqual(['action write']);
    });

    it('is demanded: outside of one an append is refused, and the message holds the cure', async () => {
      const runner = await begin();
      await runner.rollbackTransaction();
      await runner.release();
      for (const tx of [bed.dataSource.manager, bed.dataSource.createQueryRunner(), runner]) {
        const refusal = await start(tx).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(UsageError);
        expect(refusal).toMatchObject({
          code: 'TENON_NOT_IN_TRANSACTION',
          message: expect.stringContaining('dataSource.transaction(async (tx) =>') as string,
        });
      }
      expect(await bed.count('op_log')).toBe(0);
    });

    it('of another client carries out what plain SQL inserted', async () => {
      const other: DataSource = await connect(bed.url, 1);
      await other.query(
        `INSERT INTO op_log (op_type, op_key, payload) VALUES ('record', 'k', '{"key":"k"}')`,
      );
      await other.destroy();
      await bed.isDone();
      expect(await bed.effects()).toEqual(['action write']);
    });

    describe('with an idempotency key', () => {
      it('answers the id of the first append to the second, and carries it out once', async () => {
        const options = { idempotencyKey: 'order 1' };
        const append = () =>
          bed.dataSource.transaction((tx) => engine.client.start(tx, record, {}, options));
        const first = await append();
        expect(await append()).toEqual({ id: first.id, isDuplicate: true });
        expect(first.isDuplicate).toBe(false);
        await bed.reaches(engine, first.id, 'completed');
        expect(await append()).toEqual({ id: first.id, isDuplicate: true });
        expect(await bed.effects()).toEqual(['action write']);
      });

      it('throws a DuplicateError that names the first one, where the caller asks for that', async () => {
        const options = { idempotencyKey: 'order 2', onDuplicate: 'reject' } as const;
        const append = () =>
          bed.dataSource.transaction((tx) => engine.client.start(tx, record, {}, options));
        const { id } = await append();
        const refusal = await append().catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(DuplicateError);
        expect(refusal).toMatchObject({ code: 'TENON_DUPLICATE', existingId: id });
        expect(await bed.count('op_log')).toBe(1);
      });

      it('makes one operation of two that are appended at the same time', async () => {
        const options = { idempotencyKey: 'order 3' };
        const first = await begin();
        const { id } = await engine.client.start(first, record, {}, options);
        const second = bed.dataSource.transaction((tx) =>
          engine.client.start(tx, record, {}, options),
        );
        await first.commitTransaction();
        await first.release();
        expect(await second).toEqual({ id, isDuplicate: true });
      });

      it('is free again when the transaction that had used it rolls back', async () => {
        const options = { idempotencyKey: 'order 4' };
        const first = await begin();
        await engine.client.start(first, record, {}, options);
        const second = bed.dataSource.transaction((tx) =>
          engine.client.start(tx, record, {}, options),
        );
        await first.rollbackTransaction();
        await first.release();
        const { id, isDuplicate } = await second;
        expect(isDuplicate).toBe(false);
        await bed.reaches(engine, id, 'completed');
      });
    });
  });
}
