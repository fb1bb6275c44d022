/** A line of a text file, or why it cannot be read. */
export type TextLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly fault: string };

/** A longer line is a sign of another kind of file; it is not kept. */
export const LINE_BYTES_MAX = 16_384;

const NEWLINE = 0x0a;

/** Splits UTF-8 bytes into numbered lines, whatever their length and however the bytes are cut into chunks. */
export async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextLine> {
  let line = 1;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const keep = (part: Buffer): void => {
    pendingBytes += part.length;
    if (pendingBytes <= LINE_BYTES_MAX) pending.push(part);
  };
  const finish = (): TextLine => {
    const finished = read(line, pending, pendingBytes);
    line += 1;
    pending = [];
    pendingBytes = 0;
    return finished;
  };
  for await (const chunk of chunks) {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
      keep(chunk.subarray(begin, end));
      begin = end + 1;
      yield finish();
    }
    keep(chunk.subarray(begin));
  }
  if (pendingBytes > 0) yield finish();
}

function read(line: number, parts: readonly Buffer[], bytes: number): TextLine {
  if (bytes > LINE_BYTES_MAX) {
    return { line, fault: `the line has ${bytes} bytes; ${LINE_BYTES_MAX} are the limit` };
  }
  try {
    // A decoder of its own per line: it takes a byte order mark off the first one, and reports what is not UTF-8.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: line > 1 }).decode(
      Buffer.concat(parts),
    );
    return { line, text: text.endsWith('\r') ? text.slice(0, -1) : text };
  } catch {
    return { line, fault: 'the line is not UTF-8' };
  }
}
