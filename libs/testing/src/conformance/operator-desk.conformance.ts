// Goal: pauses, keys and the audit log keep what they are told, and a second click changes nothing.
// Method: each verb twice, and with names that nobody has or can have.
import { auditOf, FIRST_PAGE, useScene } from './scene';
import type { OpenStore } from './store-under-test';

const HASH = 'a'.repeat(64);

export function describeOperatorDesk<T>(open: OpenStore<T>): void {
  const scene = useScene(open);
  const audit = auditOf('verb', 'target');

  describe('pauses of types', () => {
    it('are set and lifted once, with who did it and why', async () => {
      const { operator } = scene().store;
      const pause = { type: 'alpha', by: 'ann', reason: 'the bank is closed' };
      expect(await operator.pauseType(pause, audit)).toBe(true);
      expect(await operator.pauseType({ ...pause, by: 'bob' }, audit)).toBe(false);
      expect(await operator.pausedTypes()).toEqual([{ ...pause, at: expect.any(Date) as Date }]);
      expect(await operator.resumeType('alpha', audit)).toBe(true);
      expect(await operator.resumeType('alpha', audit)).toBe(false);
      expect(await operator.pausedTypes()).toEqual([]);
      expect(await scene().audit()).toHaveLength(2);
    });

    it('are set once by several at the same moment', async () => {
      const { operator } = scene().store;
      const pause = { type: 'alpha', by: 'ann', reason: 'r' };
      const answers = await Promise.all([1, 2, 3].map(() => operator.pauseType(pause, audit)));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await scene().audit()).toHaveLength(1);
    });

    it('of impossible types are refused, and never there', async () => {
      const { operator } = scene().store;
      for (const type of ['', 'a\0', 'x'.repeat(101)]) {
        await expect(
          operator.pauseType({ type, by: 'ann', reason: 'r' }, audit),
        ).rejects.toMatchObject({
          code: 'TENON_USAGE',
        });
        expect(await operator.resumeType(type, audit)).toBe(false);
      }
      expect(await scene().audit()).toEqual([]);
    });
  });

  describe('keys', () => {
    it('are found by their hash while they live', async () => {
      const { operator } = scene().store;
      const id = await operator.createKey({ name: 'ann', role: 'admin', hash: HASH }, audit);
      expect(await operator.findKey(HASH)).toEqual({
        ...{ id, name: 'ann', role: 'admin', revokedAt: null },
        createdAt: expect.any(Date) as Date,
      });
      for (const hash of [
        'b'.repeat(64),
        HASH.toUpperCase(),
        HASH.slice(1),
        '',
        `${HASH.slice(1)}\0`,
      ]) {
        expect(await operator.findKey(hash)).toBeNull();
      }
      expect(await operator.revokeKey('ann', audit)).toBe(true);
      expect(await operator.revokeKey('ann', audit)).toBe(false);
      expect(await operator.findKey(HASH)).toBeNull();
      expect(await scene().audit()).toHaveLength(2);
    });

    it('have a name of their own among the living, whoever comes at the same moment', async () => {
      const { operator } = scene().store;
      const hashes = ['1', '2', '3'].map((digit) => digit.repeat(64));
      const made = await Promise.allSettled(
        hashes.map((hash) => operator.createKey({ name: 'ann', role: 'viewer', hash }, audit)),
      );
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(made.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'TENON_USAGE', message: expect.stringContaining('ann') as string },
      });
      await operator.revokeKey('ann', audit);
      await operator.createKey({ name: 'ann', role: 'viewer', hash: HASH }, audit);
      const keys = await operator.listKeys();
      expect(keys.map(({ name, revokedAt }) => [name, revokedAt === null])).toEqual([
        ['ann', true],
        ['ann', false],
      ]);
      expect(JSON.stringify(keys)).not.toContain(HASH);
      expect(await scene().audit()).toHaveLength(3);
    });

    it('with impossible names are refused', async () => {
      const { operator } = scene().store;
      for (const name of ['', 'a\0', 'x'.repeat(101)]) {
        const key = { name, role: 'viewer', hash: HASH } as const;
        await expect(operator.createKey(key, audit)).rejects.toMatchObject({ code: 'TENON_USAGE' });
        expect(await operator.revokeKey(name, audit)).toBe(false);
      }
    });
  });

  describe('the audit log', () => {
    it('keeps what it is told, newest first, a page at a time', async () => {
      const { operator } = scene().store;
      for (const verb of ['one', 'two', 'three']) await operator.writeAudit(auditOf(verb, 'x'));
      const first = await operator.listAudit({ after: null, limit: 2 });
      expect(first).toMatchObject([auditOf('three', 'x'), auditOf('two', 'x')]);
      expect(first[0]?.at).toBeInstanceOf(Date);
      const rest = await operator.listAudit({ after: first[1]!.id, limit: 2 });
      expect(rest).toMatchObject([auditOf('one', 'x')]);
      const details = [null, 'text', [1, { a: null }], false];
      for (const detail of details) await operator.writeAudit({ ...auditOf('four', 'x'), detail });
      const found = await operator.listAudit({ ...FIRST_PAGE, limit: 4, oldestFirst: false });
      expect(found.map(({ detail }) => detail)).toEqual([...details].reverse());
    });

    it('takes long and strange texts, so that it never keeps a verb from being done', async () => {
      const { operator } = scene().store;
      const long = 'é😀'.repeat(200);
      await operator.writeAudit({
        ...audit,
        actor: long,
        target: `a\0${long}`,
        reason: `why\0 ${long}`,
      });
      const [row] = await operator.listAudit(FIRST_PAGE);
      expect(row).toMatchObject({ verb: 'verb', role: 'operator' });
      expect(long.startsWith(row!.actor)).toBe(true);
    });
  });

  describe('repair runs', () => {
    it('are listed newest first', async () => {
      const run = { rule: 'first', found: 2, repaired: 1, durationMs: 5, error: null };
      await scene().store.recordRepair(run);
      await scene().store.recordRepair({ ...run, rule: 'second', error: 'connection lost' });
      const runs = await scene().store.operator.listRepairRuns(FIRST_PAGE);
      expect(runs).toMatchObject([{ ...run, rule: 'second', error: 'connection lost' }, run]);
      expect(runs[0]?.at).toBeInstanceOf(Date);
    });
  });
}
