// Goal: four names that a usual collation takes for one stay four, and a name that is too long is refused, not cut: a
// fence or a marker that is taken for someone else's is an effect that never happens (fact M3 of MariaDB and MySQL).
// Method: fences, idempotency keys and plain INSERTs of `Abc`, `abc`, `Abc ` and `Ábc`.
import { newMarker, type Store } from '@tenon/core';
import { describeIf } from '../../../../test/servers';
import { callOf, holdSagas, rowOf, useScene } from './scene';

const NAMES = ['Abc', 'abc', 'Abc ', 'Ábc'];

describeIf('mariadb', 'M3: names are compared byte by byte', () => {
  const scene = useScene();

  const append = (idempotencyKey: string): ReturnType<Store['appendMarkers']> =>
    scene().dataSource.transaction((tx) =>
      scene().store.appendMarkers(tx, [
        newMarker({ type: 'other', payload: {} }, { idempotencyKey }),
      ]),
    );

  it('as idempotency keys', async () => {
    const answers = [];
    for (const name of NAMES) answers.push(...(await append(name)));
    expect(answers.map(({ isDuplicate }) => isDuplicate)).toEqual(NAMES.map(() => false));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(NAMES.length);
    expect(await append('Abc ')).toEqual([{ id: answers[2]!.id, isDuplicate: true }]);
  });

  it('as the names of fences, and too long a name is an error of the data and no duplicate', async () => {
    const [saga] = await holdSagas(scene(), 1);
    const step = (name: string, seq: number): Promise<string> =>
      scene().store.inStepTransaction(
        callOf(scene(), saga!, name),
        new AbortController().signal,
        async () => [rowOf(seq)],
      );
    for (const [index, name] of NAMES.entries()) {
      expect(await step(name, index + 1)).toBe('committed');
    }
    for (const name of NAMES) expect(await step(name, 9)).toBe('overtaken');
    const error: unknown = await step('x'.repeat(101), 5).catch((thrown: unknown) => thrown);
    expect(scene().store.classify(error)).toBe('data');
  });

  it('in plain SQL, whatever the character set of the client', async () => {
    const { dataSource } = scene();
    const insert = `INSERT INTO op_log (op_type, op_key, idempotency_key) VALUES ('plain', ?, ?)`;
    for (const name of NAMES) await dataSource.query(insert, [name, name]);
    await expect(dataSource.query(insert, ['Abc ', 'Abc '])).rejects.toMatchObject({ errno: 1062 });
    // In latin1 the byte C1 is the letter Á.
    await dataSource.query(
      `INSERT INTO op_log (op_type, op_key) VALUES ('plain', concat(_latin1 x'C1', _latin1 'bc'))`,
    );
    const rows = await dataSource.query<{ n: string }[]>(
      `SELECT count(*) AS n FROM op_log WHERE op_key = 'Ábc'`,
    );
    expect(Number(rows[0]!.n)).toBe(2);
  });
});
