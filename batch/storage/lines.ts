const NEWLINE = 0x0a;

/** A line of a file of text. */
export interface Line {
  /** Without its newline; undefined if there are more than the most that are kept. */
  readonly bytes: Buffer | undefined;
  /** Whether a newline ends it: the last line of a file may have none. */
  readonly isComplete: boolean;
  /** Offset in the file of what follows it. */
  readonly end: number;
}

/** Splits the bytes of a file into lines. @param mostBytes of a line; a longer one takes no memory */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, mostBytes = Infinity): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let end = 0;
  const add = (part: Uint8Array): void => {
    length += part.length;
    end += part.length;
    if (length > mostBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const take = (isComplete: boolean): Line => {
    if (isComplete) end++;
    const line = { bytes: length > mostBytes ? undefined : Buffer.concat(parts), isComplete, end };
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, at));
      yield take(true);
      start = at + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take(false);
}
