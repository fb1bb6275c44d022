// Goal: no row of a span of time lies outside the ids that are found for it, and finding them takes few looks.
// Method: markers whose times are up to an hour behind the order of their ids, with gaps; ids are compared row by row.
import fc from 'fast-check';
import { idRange, type Appended, type MarkersByTime } from './id-range';

const HOUR_MS = 3_600_000;

function markersOf(rows: readonly Appended[]): {
  readonly markers: MarkersByTime;
  looks: () => number;
} {
  let looks = 0;
  const look = async (find: () => Appended | undefined): Promise<Appended | null> => {
    looks += 1;
    return find() ?? null;
  };
  const markers = {
    first: () => look(() => rows[0]),
    last: () => look(() => rows.at(-1)),
    firstFrom: (from: bigint) => look(() => rows.find(({ id }) => id >= from)),
  };
  return { markers, looks: () => looks };
}

const table = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 1_000 }),
      ms: fc.integer({ min: 0, max: HOUR_MS }),
      late: fc.integer({ min: 0, max: HOUR_MS - 1 }),
    }),
    { minLength: 1, maxLength: 200 },
  )
  .map((steps) => {
    let [id, ms] = [0n, 0];
    return steps.map((step): Appended => {
      id += BigInt(step.gap);
      ms += step.ms;
      return { id, atMs: ms - step.late };
    });
  });

describe('idRange', () => {
  it('holds every row of the span', async () => {
    const at = fc.integer({ min: -HOUR_MS, max: 200 * HOUR_MS });
    await fc.assert(
      fc.asyncProperty(table, at, at, async (rows, fromMs, toMs) => {
        const { markers } = markersOf(rows);
        const span = { createdFrom: new Date(fromMs), createdTo: new Date(toMs) };
        const { from, below } = await idRange(markers, span);
        const outside = rows.filter(({ id }) => id < (from ?? 0n) || id >= (below ?? id + 1n));
        expect(outside.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)).toEqual([]);
      }),
    );
  });

  it('leaves out what lies hours away, in some twenty looks at a million', async () => {
    const minute = 60_000;
    let looks = 0;
    const one = async (id: bigint): Promise<Appended> => {
      looks += 1;
      return { id, atMs: Number(id) * minute };
    };
    const markers = { first: () => one(1n), last: () => one(1_000_000n), firstFrom: one };
    const span = { createdFrom: new Date(500_000 * minute), createdTo: new Date(500_100 * minute) };
    const { from, below } = await idRange(markers, span);
    expect(Number(from)).toBeGreaterThan(499_000);
    expect(Number(below)).toBeLessThan(501_000);
    expect(looks).toBeLessThan(40);
  });

  it('asks nothing without a span, and knows nothing of an empty table', async () => {
    const { markers, looks } = markersOf([]);
    expect(await idRange(markers, {})).toEqual({ from: null, below: null });
    expect(looks()).toBe(0);
    const open = await idRange(markers, { createdFrom: new Date(0) });
    expect(open).toEqual({ from: null, below: null });
  });
});
