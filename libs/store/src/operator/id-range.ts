/** Which ids can belong to a span of time: from `from`, and below `below`. Null where there is no bound. */
export interface IdRange {
  readonly from: bigint | null;
  readonly below: bigint | null;
}

export interface Appended {
  readonly id: bigint;
  readonly atMs: number;
}

/** The first and the last marker, and the first from an id on. */
export interface MarkersByTime {
  first(): Promise<Appended | null>;
  last(): Promise<Appended | null>;
  firstFrom(id: bigint): Promise<Appended | null>;
}

interface Span {
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
}

/** Ids are handed out when a row is written, its time is that of the transaction's begin: nobody's takes longer than this. */
const SLACK_MS = 3_600_000;
/** So many rows are sooner read than told apart. */
const NEAR = 64n;

/**
 * Ids grow nearly with time. So a span of time needs no index of its own: its ends are found by bisection over the primary
 * key, with an hour of slack, and the rows between them are filtered exactly by whoever reads them.
 */
export async function idRange(
  markers: MarkersByTime,
  { createdFrom, createdTo }: Span,
): Promise<IdRange> {
  if (createdFrom === undefined && createdTo === undefined) return { from: null, below: null };
  const [first, last] = [await markers.first(), await markers.last()];
  if (first === null || last === null) return { from: null, below: null };
  const ends = { low: first.id, high: last.id + 1n };
  const fromMs = createdFrom === undefined ? null : createdFrom.getTime() - SLACK_MS;
  const toMs = createdTo === undefined ? null : createdTo.getTime() + SLACK_MS;
  return {
    from: fromMs === null ? null : (await bisect(markers, ends, fromMs)).low,
    below: toMs === null ? null : (await bisect(markers, ends, toMs)).high,
  };
}

interface Ends {
  readonly low: bigint;
  readonly high: bigint;
}

/** Narrows the ends down to where the first marker of `atMs` or later stands: not before `low`, and not behind `high`. */
async function bisect(markers: MarkersByTime, ends: Ends, atMs: number): Promise<Ends> {
  let { low, high } = ends;
  while (high - low > NEAR) {
    const middle = (low + high) / 2n;
    const marker = await markers.firstFrom(middle);
    if (marker === null || marker.atMs >= atMs) high = middle;
    else low = marker.id + 1n;
  }
  return { low, high: high > low ? high : low };
}
