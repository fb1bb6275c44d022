/** A line of an import that was not taken. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** So many refused lines are named; the others are counted. */
export const REFUSED_LISTED_MAX = 1_000;

/** Keeps what an import has refused, however much that is. */
export class RefusedLines {
  private readonly lines: RefusedLine[] = [];
  private count = 0;

  add(line: number, reason: string): void {
    this.count += 1;
    if (this.lines.length < REFUSED_LISTED_MAX) this.lines.push({ line, reason });
  }

  get answer(): { readonly refused: readonly RefusedLine[]; readonly refusedCount: number } {
    return { refused: this.lines, refusedCount: this.count };
  }
}
