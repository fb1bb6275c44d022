import type { Fleet } from './fleet';

/** A round, as trouble sees it. */
export interface Ground {
  readonly fleet: Fleet;
  /** Transfers that have ended in this round, as the database tells. */
  countEnded(): Promise<number>;
  /** Aborted when every transfer of the round has ended. */
  readonly isOver: AbortSignal;
}

/** What is done to the rounds while they run, over as many of them as it takes, to show that the result is the same. */
export interface Trouble {
  /** One piece of it, for people: `kills`. */
  readonly name: string;
  readonly planned: number;
  /** What was done and counts. */
  readonly counted: number;
  /** Rounds in a row that went by with none: the input may be too small to be interrupted. */
  readonly emptyRoundsInARow: number;
  /** What went otherwise than it must, beside the result, in words. */
  readonly faults: readonly string[];
  /** Does what it can until the round is over, or all is done. */
  haunt(ground: Ground): Promise<void>;
}
