/** What an operator may do with a saga. Each appends one row to its history, which names the verb. */
export const VERBS = ['retry', 'resume', 'skip', 'mark-done', 'cancel', 'kill'] as const;

/**
 * - `retry`: call the handler that is owed again, now; from a pause with all its attempts
 * - `resume`: go on after a pause
 * - `skip`: go on as if the call that is owed were not needed: nothing was done, and nothing will be
 * - `mark-done`: go on as if the call that is owed had succeeded: a person has done it
 * - `cancel`: turn back and undo what was done
 * - `kill`: end it where it stands, undoing nothing
 */
export type Verb = (typeof VERBS)[number];
