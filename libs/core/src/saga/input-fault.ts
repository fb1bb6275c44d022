import { storableText } from './outcome';

/** One complaint of a schema, as zod and its like make them. */
interface Issue {
  readonly path: readonly unknown[];
  readonly message: string;
}

const LENGTH_MAX = 1_000;

/** Why a saga's `input` refused a payload, in one readable line: a schema's message is its issues as JSON, over many. */
export function inputFault(error: unknown): string {
  const issues = issuesOf(error);
  const told = issues.length > 0 ? issues.map(lineOf).join('; ') : messageOf(error);
  return storableText(told.replace(/\s+/g, ' ').trim().slice(0, LENGTH_MAX));
}

function lineOf({ path, message }: Issue): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}

function issuesOf(error: unknown): readonly Issue[] {
  if (typeof error !== 'object' || error === null || !('issues' in error)) return [];
  return Array.isArray(error.issues) && error.issues.every(isIssue) ? error.issues : [];
}

function isIssue(issue: unknown): issue is Issue {
  return (
    typeof issue === 'object' &&
    issue !== null &&
    'path' in issue &&
    Array.isArray(issue.path) &&
    'message' in issue &&
    typeof issue.message === 'string'
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
