import type { FileHandle } from 'node:fs/promises';
import type { InputFile } from '../storage/file.ts';
import type { ResultFormat } from './format.ts';
import { readParquetLines, writeParquet } from './parquet-results.ts';

const NEWLINE = 0x0a;
/** Lines are written together, at least this many characters at once. */
const CHUNK = 1 << 18;

/** A line of a file of results, and where it ends. */
interface Line {
  readonly text: string;
  /** Offset in bytes behind its newline. */
  readonly end: number;
}

/** Splits bytes into complete lines; what follows the last newline is left out. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let end = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, at)]);
      rest = [];
      start = at + 1;
      end += line.length + 1;
      yield { text: line.toString('utf8'), end };
    }
    rest.push(chunk.subarray(start));
  }
}

/**
 * Reads the rows of a complete file of results, each as a line of JSON.
 *
 * @throws UserError `input-unreadable`
 */
export async function* readResults(file: InputFile, format: ResultFormat): AsyncGenerator<string> {
  if (format === 'parquet') yield* readParquetLines(file);
  else for await (const { text } of splitLines(file.stream())) yield text;
}

/** Writes rows, each as a line of JSON. */
export async function writeResults(
  lines: AsyncIterable<string>,
  format: ResultFormat,
  handle: FileHandle,
): Promise<void> {
  if (format === 'parquet') {
    await writeParquet(lines, handle);
    return;
  }
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    await handle.appendFile(chunk);
    chunk = '';
  }
  await handle.appendFile(chunk);
}
