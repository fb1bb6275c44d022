// Goal: whoever dies, stalls or stops, somebody else goes on with what it held, soon, and no effect happens twice.
// Method: engines in processes of their own that are killed, stopped and blocked with sagas in hand; an engine in this
// process takes over.
import type { SagaDefinition } from '@tenon/core';

import { describeIf } from '../../../test/servers';
import { DATABASES, openBed, type Bed } from './bed';
import {
  blocking,
  killing,
  paying,
  sharedSagas,
  waiting,
  type SharedWork,
} from './child/child-sagas';
import { startChild, type Child } from './child/start-child';
import { eventually } from './eventually';

const SESSION_MS = 500;
const options = { sessionMs: SESSION_MS, pollMsMax: 100 };

for (const server of DATABASES) {
  describeIf(server, `sessions on ${server}`, () => {
    let bed: Bed;
    const children: Child[] = [];
    beforeAll(async () => {
      bed = await openBed(server);
    });
    afterEach(async () => {
      await Promise.all(children.splice(0).map((child) => child.kill()));
      await bed.clear();
    });
    afterAll(() => bed.close());

    const victim = async (name = 'victim'): Promise<Child> => {
      const child = await startChild({ url: bed.url, worker: name, options });
      children.push(child);
      return child;
    };
    const append = (saga: SagaDefinition<SharedWork>, count: number) => {
      const producer = bed.engine([saga], { roles: [] });
      return bed.dataSource.transaction(async (tx) => {
        const inputs = Array.from({ length: count }, () => ({ victim: 'victim' }));
        const started = await producer.client.startMany(tx, saga, inputs);
        return started.map(({ id }) => id);
      });
    };
    const twice = () =>
      bed.rows('SELECT saga_id, name FROM effect GROUP BY saga_id, name HAVING count(*) > 1');

    it('of a process that is killed with sagas in hand end, and another goes on with them within session + 2 s', async () => {
      const child = await victim();
      const ids = await append(waiting, 20);
      await child.tells('waits');
      const engine = await bed.start(sharedSagas, options);
      await child.kill();
      const killedMs = performance.now();
      for (const id of ids) await bed.reaches(engine, id, 'completed');
      const tookMs = performance.now() - killedMs;
      process.stdout.write(
        `${server}: 20 sagas of a killed process were done after ${Math.round(tookMs)} ms\n`,
      );
      expect(tookMs).toBeLessThan(SESSION_MS + 2_000);
      expect(await twice()).toEqual([]);
      expect(await bed.effects(ids[0])).toEqual(['action first', 'action wait']);
      expect(await bed.count('worker_session WHERE has_lapsed')).toBe(1);
    });

    it('count the crashes of a saga that kills whoever runs it, and it is paused before it kills on', async () => {
      const engine = await bed.start(sharedSagas, { ...options, crashMax: 2, roles: ['relay'] });
      const good = (await append(waiting, 1))[0] ?? '';
      const [id = ''] = await append(killing, 1);
      for (let crashes = 1; crashes <= 2; crashes += 1) {
        const child = await startChild({
          ...{ url: bed.url, worker: 'victim', options: { ...options, crashMax: 2 } },
        }).catch(() => null);
        if (child !== null) expect(await child.ended).toBe('SIGKILL');
        await eventually(
          `${crashes} crashes`,
          async () => (await bed.count(`saga WHERE id = ${id} AND crashes = ${crashes}`)) > 0,
        );
      }
      await startChild({ url: bed.url, worker: 'last', options: { ...options, crashMax: 2 } }).then(
        (child) => children.push(child),
      );
      const report = await bed.reaches(engine, id, 'paused');
      expect(report.history.at(-1)).toMatchObject({ errorCode: 'TENON_CRASH_LOOP', to: 'paused' });
      expect(report.reason).toContain('died or lost its session 2 times in a row');
      expect(await bed.effects(id)).toEqual([]);
      await bed.reaches(engine, good, 'completed');
    });

    it('that are closed in good order free their sagas at once, and count no crash', async () => {
      const child = await victim();
      const slow = { ...options, sessionMs: 60_000 };
      const patient = await startChild({
        url: bed.url,
        worker: 'victim2',
        options: { ...slow, shutdownGraceMs: 0 },
      });
      children.push(patient);
      await child.kill();
      const ids = await append(waiting, 5);
      await patient.tells('waits');
      const engine = await bed.start(sharedSagas, slow);
      await patient.stop();
      const stoppedMs = performance.now();
      for (const id of ids) await bed.reaches(engine, id, 'completed');
      expect(performance.now() - stoppedMs).toBeLessThan(5_000);
      expect(await bed.count('saga WHERE crashes > 0')).toBe(0);
      expect(await twice()).toEqual([]);
    });

    it('of a process whose event loop is blocked are taken over; its late commit is refused, the effect happens once', async () => {
      const child = await victim();
      const [id = ''] = await append(blocking, 1);
      await child.tells('blocks');
      const engine = await bed.start(sharedSagas, options);
      const report = await bed.reaches(engine, id, 'completed');
      expect(await bed.effects(id)).toEqual(['action block']);
      expect(report.history.at(-1)?.fence).toBeGreaterThan(1);
      const [holder] = await bed.rows<{ worker: string }>(
        `SELECT w.worker FROM effect e JOIN saga_fence f ON f.saga_id = e.saga_id
         JOIN worker_session w ON w.id = f.session_id WHERE e.saga_id = ${id}`,
      );
      expect(holder?.worker).not.toBe('victim');
      await child.tells('log This process was silent');
      // It goes on under a new session, and does no harm with what it had.
      expect(await bed.effects(id)).toEqual(['action block']);
    });

    it('of a process that is frozen hold nobody else up, and what it held goes on without it', async () => {
      const child = await victim();
      const ids = await append(waiting, 8);
      await eventually(
        '8 handlers wait',
        () => child.lines.filter((line) => line.startsWith('waits')).length === 8,
      );
      const engine = await bed.start(sharedSagas, { ...options, transactionalCallMax: 4 });
      child.send('SIGSTOP');
      await eventually(
        'its session has lapsed',
        async () => (await bed.count('worker_session WHERE has_lapsed')) === 1,
      );
      const others = await append(paying, 20);
      const startedMs = performance.now();
      for (const id of others) await bed.reaches(engine, id, 'completed');
      process.stdout.write(
        `${server}: 20 sagas beside a frozen process took ${Math.round(performance.now() - startedMs)} ms\n`,
      );
      for (const id of ids) await bed.reaches(engine, id, 'completed');
      process.stdout.write(
        `${server}: the sagas of a frozen process took ${Math.round(performance.now() - startedMs)} ms\n`,
      );
      child.send('SIGCONT');
      await child.tells('log This process was silent');
      expect(await twice()).toEqual([]);
    });
  });
}
