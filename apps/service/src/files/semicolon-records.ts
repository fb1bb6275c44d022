import { CsvError, parse } from 'csv-parse/sync';
import type { TextLine } from './text-lines';

/** A record of a file, by the names in its head line, or why the line is none. */
export type FileRecord =
  | { readonly line: number; readonly record: Readonly<Record<string, string>> }
  | { readonly line: number; readonly fault: string };

/** The file is not of the kind that was asked for: nothing in it can be trusted. */
export class InputFileError extends Error {
  override readonly name = 'InputFileError';
}

/**
 * Reads semicolon-separated, quoted records whose head line names at least `columns`. A malformed line is answered as
 * such, and the next one is read: a line is a record, so a quote that is never closed spoils only its own line.
 *
 * @throws InputFileError when there is no such head line
 */
export async function* semicolonRecords(
  lines: AsyncIterable<TextLine>,
  columns: readonly string[],
): AsyncGenerator<FileRecord> {
  let head: readonly string[] | undefined;
  for await (const line of lines) {
    if ('text' in line && line.text.trim() === '') continue;
    const fields = 'text' in line ? fieldsOf(line.text) : line.fault;
    if (head === undefined) {
      head = checkedHead(fields, columns);
    } else {
      yield { line: line.line, ...recordOf(head, fields) };
    }
  }
  if (head === undefined) {
    throw new InputFileError(
      `It is empty. Its first line must name the columns ${listed(columns)}.`,
    );
  }
}

function checkedHead(
  fields: readonly string[] | string,
  columns: readonly string[],
): readonly string[] {
  const missing = columns.filter((column) => !fields.includes(column));
  if (typeof fields === 'string' || missing.length > 0) {
    const found = typeof fields === 'string' ? fields : `it lacks ${missing.join(', ')}`;
    throw new InputFileError(`The first line must name the columns ${listed(columns)}: ${found}.`);
  }
  return fields;
}

function listed(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(';');
}

function recordOf(
  head: readonly string[],
  fields: readonly string[] | string,
): { record: Readonly<Record<string, string>> } | { fault: string } {
  if (typeof fields === 'string') return { fault: fields };
  if (fields.length !== head.length) {
    return { fault: `the line has ${fields.length} fields; the head line names ${head.length}` };
  }
  return { record: Object.fromEntries(head.map((name, index) => [name, fields[index] ?? ''])) };
}

/** The fields of one line, or what is wrong with it. */
function fieldsOf(text: string): readonly string[] | string {
  try {
    const [fields = []] = parse(text, { delimiter: ';', relax_column_count: true });
    return fields;
  } catch (error) {
    if (error instanceof CsvError) return FAULTS[error.code] ?? error.message;
    throw error;
  }
}

/** The parser's own words name its only line "line 1". */
const FAULTS: Partial<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote',
  INVALID_OPENING_QUOTE: 'a quote begins within a field',
};
