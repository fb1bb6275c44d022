import type { RecordAnswer, SagaRecord, StoreErrorKind } from '@tenon/core';

/** How a dialect records. */
export interface Recording {
  /** Records them in one transaction, and answers the ids of those that passed. */
  write(records: readonly SagaRecord[]): Promise<readonly string[]>;
  classify(error: unknown): StoreErrorKind;
  /** Whether more than one of them go together. */
  fits(records: readonly SagaRecord[]): boolean;
}

/**
 * Records many sagas. When the database refuses the data of one of them it refuses all, so the halves are tried again on
 * their own, down to the one that is bad.
 */
export async function recordInParts(
  records: readonly SagaRecord[],
  recording: Recording,
): Promise<RecordAnswer> {
  const recorded = new Set<string>();
  const refused = new Map<string, string>();

  async function recordPart(part: readonly SagaRecord[]): Promise<void> {
    const [first] = part;
    if (first === undefined) return;
    if (part.length === 1 || recording.fits(part)) {
      try {
        for (const id of await recording.write(part)) recorded.add(id);
        return;
      } catch (error) {
        if (recording.classify(error) !== 'data') throw error;
        if (part.length === 1) {
          refused.set(first.id, error instanceof Error ? error.message : String(error));
          return;
        }
      }
    }
    const middle = Math.ceil(part.length / 2);
    await recordPart(part.slice(0, middle));
    await recordPart(part.slice(middle));
  }

  await recordPart(records);
  return { recorded, refused };
}
