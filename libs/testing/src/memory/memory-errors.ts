/** Two transactions wait for each other's rows: one of them must begin again. `classify` calls it a `conflict`. */
export class MemoryConflictError extends Error {
  constructor(row: string) {
    super(
      `Two transactions wait for each other at ${row}; this one was rolled back. Begin it again.`,
    );
    this.name = 'MemoryConflictError';
  }
}

/** A value does not fit its column, or a row is already there. `classify` calls it `data`. */
export class MemoryDataError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MemoryDataError';
  }
}
