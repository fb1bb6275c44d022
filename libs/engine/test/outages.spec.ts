// Goal: a database that is away, comes late, goes in the middle or does not fit costs time, or a clear error, and nothing else.
// Method: private servers that are killed and started again around and under running engines.
import { SchemaError, TenonError } from '@tenon/core';
import { startMariadb, startPostgres, type EmbeddedServer } from '@tenon/embedded';

import { describeIf, testFolder } from '../../../test/servers';
import { DATABASES, makeBed, type Bed } from './bed';
import { paying } from './child/child-sagas';
import { eventually } from './eventually';
import { make } from './handlers';

/** They lose nothing when they are killed: only a power cut needs more. */
const START = {
  postgres18: (dataDir: string) => startPostgres({ dataDir, settings: { fsync: 'off' } }),
  mariadb: (dataDir: string) => startMariadb({ dataDir }),
};
const SAGAS = 200;
const options = { pollMsMax: 200, sessionMs: 1_000 };

for (const kind of DATABASES) {
  describeIf(kind, `a database that goes and comes, ${kind}`, () => {
    let server: EmbeddedServer;
    let folder: Awaited<ReturnType<typeof testFolder>>;
    let bed: Bed;
    beforeAll(async () => {
      folder = await testFolder();
      server = await START[kind](`${folder.path}/${kind}`);
      bed = await makeBed(server.url);
    });
    afterEach(() => bed.clear());
    afterAll(async () => {
      await bed.close();
      await server.stop();
      await folder.remove();
    });

    it('at the start is waited for, and what is appended then is carried out', async () => {
      await server.kill();
      const engine = bed.engine([paying], options);
      const started = engine.start(make);
      await eventually('a person is told', () =>
        bed.log.find((line) => line.includes('does not answer')),
      );
      await server.restart();
      await started;
      await bed.reaches(engine, await bed.append(engine, paying), 'completed');
    });

    it('is given up after startTimeoutMs, with what to check, and a stop ends the waiting', async () => {
      await server.kill();
      try {
        const error = await bed
          .engine([paying], { startTimeoutMs: 200 })
          .start(make)
          .catch((failure: unknown) => failure);
        expect(error).toBeInstanceOf(TenonError);
        expect(error).toMatchObject({ code: 'TENON_STORE_UNAVAILABLE' });
        expect(String(error)).toContain('Check that it runs and that its URL is right');
        const patient = bed.engine([paying]);
        const started = patient.start(make).catch((failure: unknown) => failure);
        await patient.stop();
        expect(await started).toMatchObject({ code: 'TENON_STORE_UNAVAILABLE' });
      } finally {
        await server.restart();
      }
    });

    it('in the middle loses nothing: every saga ends, every effect happens once', async () => {
      const engines = [await bed.start([paying], options), await bed.start([paying], options)];
      const [producer] = engines;
      const inputs = Array.from({ length: SAGAS }, (_, count) => ({ key: `${count % 50}` }));
      await bed.dataSource.transaction((tx) => producer!.client.startMany(tx, paying, inputs));
      for (const share of [0.1, 0.4, 0.7]) {
        await eventually(
          'some have ended',
          async () => (await bed.count(`saga WHERE state = 'completed'`)) > SAGAS * share,
        );
        await server.kill();
        await server.restart();
      }
      // The application's pool may still hand out connections of the server that was killed.
      await eventually('the application is connected again', () =>
        bed.count('op_log').then(
          () => true,
          () => false,
        ),
      );
      await bed.isDone(30_000);
      expect(await bed.count(`saga WHERE state = 'completed'`)).toBe(SAGAS);
      const effects = await bed.effects();
      expect(effects).toHaveLength(4 * SAGAS);
      expect(
        await bed.rows('SELECT saga_id FROM effect GROUP BY saga_id, name HAVING count(*) > 1'),
      ).toEqual([]);
      expect(bed.log.filter((line) => line.includes('answers again')).length).toBeGreaterThan(0);
    });

    it('with a newer schema is refused, and nothing is changed in it', async () => {
      await bed.dataSource.query('INSERT INTO tenon_schema (version) VALUES (999)');
      const engine = bed.engine([paying], options);
      const error = await engine.start(make).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(SchemaError);
      expect(error).toMatchObject({ code: 'TENON_SCHEMA_NEWER' });
      expect(String(error)).toContain('Update the program');
      expect(await bed.count('worker_session')).toBe(0);
      await bed.dataSource.query('DELETE FROM tenon_schema WHERE version = 999');
    });
  });
}
