// Goal: looking for parked markers that nobody will release costs as much with 20,000 of one key as with a few.
// Method: the server counts the rows and entries that it reads for one statement, with a hot key among shallow ones and
// whatever it knows or does not know of the distribution.
import { describeIf } from '../../../../test/servers';
import * as SQL from '../../src/mysql/sql';
import { useScene } from './scene';

const DEEP = 20_000;
const SHALLOW = 5_000;
const WINDOW = 250;
/** Per entry of the window: the entry, its passage through two temporary tables, and the probes of its key. */
const READS_PER_ENTRY_MAX = 15;

describeIf('mariadb', 'the keys that have parked markers', () => {
  const scene = useScene();

  it.each(['', 'ANALYZE TABLE op_log'])('are found in bounded windows (%s)', async (statistics) => {
    const runner = scene().dataSource.createQueryRunner();
    await runner.query('DELETE FROM op_log');
    const insert = (key: string, count: number): Promise<unknown> =>
      runner.query(
        `INSERT INTO op_log (op_type, op_key, status) SELECT 'transfer', ${key}, 'parked' FROM seq_1_to_${count}`,
      );
    await insert("'hot'", DEEP);
    await insert("concat('shallow', lpad(seq, 6, '0'))", SHALLOW);
    if (statistics !== '') await runner.query(statistics);
    for (const [from, keys] of [
      ['', 1],
      ['hot\0', WINDOW],
    ] as const) {
      await runner.query('FLUSH STATUS');
      const rows = (await runner.query(SQL.FIND_PARKED_HEADS, [from, WINDOW, 0])) as unknown[];
      const counts = (await runner.query("SHOW SESSION STATUS LIKE 'Handler_read%'")) as readonly {
        readonly Value: string;
      }[];
      expect(rows).toHaveLength(keys);
      const reads = counts.reduce((sum, { Value: value }) => sum + Number(value), 0);
      expect(reads).toBeLessThan(READS_PER_ENTRY_MAX * WINDOW);
    }
    await runner.release();
  });
});
