// Goal: whatever keeps an operation from getting on is named over REST, as a code and in plain words, with what to do.
// Method: a process without roles looks on while rows are planted by SQL as dead, paused or older processes would leave
// them; then processes that work, and a queue that is killed.
import type { FindingCode } from '@tenon/core';
import { FinalError, refuse } from '@tenon/core';
import { bullmqDispatcher } from '@tenon/dispatch';
import { startRedis } from '@tenon/embedded';

import { describeIf, testFolder } from '../../../test/servers';
import { DATABASES, eventually, openAdminBed, type AdminBed } from './admin-bed';
import { gate } from './errand';
import { plantIn, type Plant } from './plant';

interface Explained {
  readonly findings: readonly {
    readonly code: FindingCode;
    readonly text: string;
    readonly cure: string | null;
  }[];
}

const explain = async (bed: AdminBed, id: string): Promise<Explained> => {
  const { status, body } = await bed.get(`/v1/admin/sagas/${id}/explain`);
  expect([id, status]).toEqual([id, 200]);
  return body as unknown as Explained;
};

/** The first finding, which must have this code. */
const first = async (bed: AdminBed, id: string, code: FindingCode) => {
  const { findings } = await explain(bed, id);
  expect(findings.map((finding) => finding.code)[0]).toBe(code);
  return findings[0]!;
};

const BOTH_ROLES = ['relay', 'worker'];

describeIf(DATABASES, 'an explanation', () => {
  describe.each(DATABASES)('of what was planted on %s', (server) => {
    let bed: AdminBed;
    let plant: Plant;
    beforeAll(async () => {
      bed = await openAdminBed(server, { engine: { roles: [] } });
      plant = plantIn(bed);
    });
    afterAll(() => bed.close());

    it('names the operation that goes first', async () => {
      await plant.session({ roles: BOTH_ROLES, versions: { behind: [1] } });
      const head = await plant.marker({ type: 'behind', key: '576', status: 'taken' });
      await plant.saga({
        id: head,
        type: 'behind',
        state: 'paused',
        reason: 'the shelf is locked',
      });
      const id = await plant.marker({ type: 'behind', key: '576', status: 'parked' });
      const { text, cure } = await first(bed, id, 'WAITING_BEHIND_KEY');
      expect(text).toContain(`"576"`);
      expect(text).toContain(`waits behind ${head} (behind), which is paused`);
      expect(cure).toContain(head);
      expect((await first(bed, head, 'PAUSED')).text).toContain('the shelf is locked');
    });

    it('names who has paused the type, and why', async () => {
      await plant.session({ roles: BOTH_ROLES, versions: { resting: [1] } });
      await bed.rows(
        `INSERT INTO operation_pause (type, paused_by, reason) VALUES ('resting', 'ann', 'the bank asked for it')`,
      );
      const id = await plant.marker({ type: 'resting' });
      const { text, cure } = await first(bed, id, 'TYPE_PAUSED');
      expect(text).toBe('The type "resting" was paused by ann: the bank asked for it');
      expect(cure).toContain('Resume the type');
    });

    it('says that nobody adopts, when no worker lives', async () => {
      await plant.session({ roles: ['relay'], versions: { idle: [1] } });
      await plant.session({ roles: ['worker'], versions: { idle: [1] }, expiresInS: -5 });
      const id = await plant.marker({ type: 'idle', status: 'taken' });
      await plant.saga({ id, type: 'idle', state: 'ready', isQueued: true, dueInS: 30 });
      const { text, cure } = await first(bed, id, 'NO_WORKER');
      expect(text).toContain(
        'No living process with the worker role knows "idle": nobody adopts it',
      );
      expect(cure).toContain('role worker');
    });

    it('says that nobody knows the type', async () => {
      const id = await plant.marker({ type: 'misspelt' });
      const { text, cure } = await first(bed, id, 'MISSING_HANDLER');
      expect(text).toBe('No living process knows the saga "misspelt".');
      expect(cure).toContain('correct the op_type');
    });

    it('says which version is missing', async () => {
      await plant.session({ roles: BOTH_ROLES, versions: { evolved: [8, 9] } });
      const id = await plant.marker({ type: 'evolved', status: 'taken' });
      await plant.saga({ id, type: 'evolved', state: 'running', version: 7, dueInS: -1 });
      const { text, cure } = await first(bed, id, 'DEFINITION_MISMATCH');
      expect(text).toContain(
        'began with version 7 of "evolved"; the living workers know version 8, 9',
      );
      expect(cure).toContain('version 7');
    });

    it('names a holder that is gone', async () => {
      const sessionId = await plant.session({
        roles: BOTH_ROLES,
        versions: { left: [1] },
        expiresInS: -30,
      });
      const id = await plant.marker({ type: 'left', status: 'taken' });
      await plant.saga({ id, type: 'left', state: 'running', sessionId });
      const { text } = await first(bed, id, 'HOLDER_LAPSED');
      expect(text).toMatch(new RegExp(`session ${sessionId} .*lapsed 3\\d s ago`));
    });

    it('says why it is dead, and that a crash loop is one', async () => {
      const dead = await plant.marker({ type: 'any', status: 'dead', reason: 'no such account' });
      expect((await first(bed, dead, 'DEAD')).text).toContain('no such account');
      const id = await plant.marker({ type: 'any', status: 'taken' });
      const reason = 'TENON_CRASH_LOOP: 20 sessions lapsed while they held it';
      await plant.saga({ id, type: 'any', state: 'paused', reason });
      expect((await first(bed, id, 'CRASH_LOOP')).text).toContain('20 sessions');
    });

    it('says when it is due', async () => {
      await plant.session({ roles: BOTH_ROLES, versions: { later: [1] } });
      const id = await plant.marker({ type: 'later', dueInS: 600 });
      expect((await first(bed, id, 'NOT_YET_DUE')).text).toMatch(/due in (9|10) min/);
    });
  });

  describe.each(DATABASES)('of what runs on %s', (server) => {
    let bed: AdminBed;
    beforeAll(async () => {
      bed = await openAdminBed(server);
    });
    afterEach(() => bed.moods.reset());
    afterAll(() => bed.close());

    it('names the session that holds it, and until when', async () => {
      const door = gate();
      bed.moods.set('action first', door.mood);
      const id = await bed.append();
      await door.isReached;
      const [session] = await bed.rows<{ id: string; worker: string }>(
        'SELECT id, worker FROM worker_session WHERE ended_at IS NULL',
      );
      const { text } = await first(bed, id, 'HELD');
      expect(text).toContain(`held by session ${session!.id} (${session!.worker})`);
      expect(text).toMatch(/lapses in \d+ (ms|s) unless it is renewed/);
      door.open();
      await bed.reaches(id, 'completed');
      expect((await first(bed, id, 'ENDED')).text).toContain('completed');
    });

    it('says when the next attempt is, and why there must be one', async () => {
      bed.moods.set('action second', async () => {
        throw new Error('the line is busy');
      });
      const id = await bed.append();
      await eventually('it waits', async () =>
        (await explain(bed, id)).findings.some(({ text }) => text.includes('attempt is in')),
      );
      const { text, cure } = await first(bed, id, 'NEXT_RETRY');
      expect(text).toContain('action of "second" failed (attempt 1 of 3)');
      expect(text).toContain('TENON_HANDLER_FAILED: Error: the line is busy');
      expect(text).toMatch(/The next attempt is in (60|5\d) s/);
      expect(cure).toContain('Retry it now');
    });

    it('says that the attempts are exhausted, with the last error', async () => {
      bed.moods.set('action second', async () => refuse('out of stock'));
      bed.moods.set('compensate first', async () => {
        throw new FinalError('the shelf is locked');
      });
      const id = await bed.append();
      await bed.reaches(id, 'paused');
      const { text, cure } = await first(bed, id, 'ATTEMPTS_EXHAUSTED');
      expect(text).toContain('compensate of "first" failed for good (call 1)');
      expect(text).toContain('the shelf is locked');
      expect(cure).toMatch(/retry it; or skip or mark done/);
    });
  });
});

describeIf(['postgres18', 'redis'], 'an explanation while the queue is down', () => {
  it('says so, until it is back', async () => {
    const folder = await testFolder();
    const redis = await startRedis({ dataDir: `${folder.path}/redis`, isDurable: false });
    const dispatcher = bullmqDispatcher({ redis: { url: redis.url }, warn: () => undefined });
    const bed = await openAdminBed('postgres18', { engine: { roles: [], dispatcher } });
    try {
      const plant = plantIn(bed);
      await plant.session({ roles: BOTH_ROLES, versions: { queued: [1] } });
      const id = await plant.marker({ type: 'queued', status: 'taken' });
      await plant.saga({ id, type: 'queued', state: 'ready', isQueued: true, dueInS: 30 });
      expect((await first(bed, id, 'QUEUED')).text).toMatch(/dispatched again in (30|2\d) s/);
      await redis.kill();
      const { text, cure } = await first(bed, id, 'QUEUE_DOWN');
      expect(text).toContain('The queue does not answer');
      expect(cure).toContain('Nothing is lost');
      await redis.restart();
      await eventually(
        'the queue answers again',
        async () => (await explain(bed, id)).findings[0]?.code === 'QUEUED',
      );
    } finally {
      await bed.close();
      await redis.stop();
      await folder.remove();
    }
  });
});
